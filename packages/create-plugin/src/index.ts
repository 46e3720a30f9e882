export { SCAFFOLD } from './manifest.ts';
export { type Lines, newPlugin } from './new-plugin.ts';
export type { Terminal } from './questions.ts';
export { KINDS, LANGUAGES, type Language, type PluginRequest, pluginRequest, type WrittenRequest } from './request.ts';
export { type UpdateFlags, updatePlugin } from './update/update-plugin.ts';
export { writePlugin } from './write.ts';
