export { admissionLaws } from './kits/admission.ts';
export { type Law, LawBroken } from './kits/law.ts';
export { loadDistributionLaws, type MakeLoadDistribution } from './kits/load-distribution.ts';
export type { KitParts } from './kits/parts.ts';
export type { MakeAdmission } from './kits/small-host.ts';
