export { CONFORMANCE_KINDS, type ConformanceGiven, conformanceLaws, type GivenByKind } from './conformance-laws.ts';
export { createInstance, type InstanceParts, testNicContext } from './instance.ts';
export { type AdmissionGiven, admissionLaws, type MakeAdmission } from './kits/admission.ts';
export type { DeviceEmulatorGiven } from './kits/device-emulator.ts';
export type { MakeGuest, TestGuest } from './kits/device-rig.ts';
export type { HostRegistryGiven, TestRegistry } from './kits/host-registry.ts';
export type { HypervisorGiven, ManagedVms } from './kits/hypervisor.ts';
export { type Law, LawBroken } from './kits/law.ts';
export type { LinkMonitorGiven } from './kits/link-monitor.ts';
export { loadDistributionLaws, type MakeLoadDistribution } from './kits/load-distribution.ts';
export type { NicDriverGiven } from './kits/nic-driver.ts';
export type { MakeNicNetwork, NicNetwork } from './kits/nic-driver-rig.ts';
export type { KitParts } from './kits/parts.ts';
export { type SentOverMember, TestMembers } from './members.ts';
export type {
  AdmissionExpectation,
  CaseBatch,
  CaseNic,
  CaseVm,
  ExpectationByKind,
  LoadDistributionExpectation,
  PolicyCase,
  PolicyKind,
} from './policy-case.ts';
export { PolicyCaseFailed, type PolicyTest, PolicyTester } from './policy-tester.ts';
export { TestPort, type TestPortAbout } from './port.ts';
