/** Said of every command that speaks to a running host. */
export const CONTROL = [
  '--control <path>',
  'control socket of the host; needed when several are running, or it was started with --control',
] as const;

export const JSON_FLAG = ['--json', 'print one JSON object'] as const;
