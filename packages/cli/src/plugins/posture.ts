import { dependenciesOf, type PluginDefinition, type PluginKind, REQUIRED_HOOKS } from '@fairlead/sdk';
import { createInstance } from '@fairlead/sdk/testing';

/** Where a kind of plugin runs, and what becomes of traffic when it fails. */
interface Posture {
  readonly runs: string;
  readonly onFailure: string;
}

const POSTURES: Readonly<Record<PluginKind, Posture>> = {
  admission: {
    runs: 'data path, for each batch; one instance for each forwarding worker',
    onFailure: 'put aside; its fallback decides the same batch anew',
  },
  'load-distribution': {
    runs: 'data path, for each batch; one instance for each forwarding worker',
    onFailure: 'put aside; its fallback decides the same batch anew',
  },
  'link-monitor': {
    runs: "control path, on the host's thread; one instance for each team",
    onFailure: 'put aside and reported; its verdicts count no more',
  },
  detector: {
    runs: 'observe on the data path, for each batch; judge on the control path, for each window',
    onFailure: 'put aside and reported; traffic is not affected',
  },
  responder: {
    runs: "control path, on the host's thread; one call at a time for each chain",
    onFailure: 'recorded; the next responder of the chain is asked',
  },
  'nic-driver': {
    runs: "data path, for each burst; link on the host's thread",
    onFailure: 'its NIC is taken down; what it had not taken goes over another',
  },
  'device-emulator': {
    runs: "the host's thread; one instance for each virtual NIC",
    onFailure: 'a frame that cannot be read is counted; the guest is not trusted',
  },
  hypervisor: {
    runs: "control path, on the host's thread; one call at a time for each VM",
    onFailure: 'the VM stays as it was, and its status is asked for',
  },
  'host-registry': {
    runs: "control path, on the host's thread",
    onFailure: 'the host goes on with the VMs that it has and migrates none',
  },
};

/** Hooks that a kind may have beside those that it must. */
const OPTIONAL_HOOKS: Readonly<Record<PluginKind, readonly string[]>> = {
  admission: ['sweep', 'exportState', 'importState', 'dispose'],
  'load-distribution': ['exportState', 'importState', 'dispose'],
  'link-monitor': ['receive', 'explain', 'close'],
  detector: ['exportState', 'importState', 'dispose'],
  responder: [],
  'nic-driver': ['open', 'close', 'arm', 'nextEventUs'],
  'device-emulator': ['open', 'close', 'attach', 'setRunning'],
  hypervisor: ['receive', 'arrived', 'dismiss', 'close'],
  'host-registry': ['close'],
};

/** What can be known of how a plugin behaves without running it. */
export interface Described extends Posture {
  readonly hooks: readonly string[];
  /** The tokens that its constructor asks for. */
  readonly given: readonly string[];
  readonly needs: readonly string[];
  /** Whether its successor goes on where it stopped. */
  readonly handsStateOver: boolean;
}

/** Says what a plugin has and asks for. It is made once, with its default options, where they suffice. */
export function describePlugin(definition: PluginDefinition): Described {
  const { kind, implementation, needs = [] } = definition;
  const instance = sampleOf(definition) as Readonly<Record<string, unknown>>;
  const known = [...REQUIRED_HOOKS[kind], ...OPTIONAL_HOOKS[kind]];
  const hooks = known.filter((hook) => typeof instance[hook] === 'function');
  const given = dependenciesOf(implementation).map((token) => token?.description?.replace(/^fairlead\./, '') ?? '?');
  const asked = typeof needs === 'function' ? ['what its options say'] : needs;
  return { ...POSTURES[kind], hooks, given, needs: asked, handsStateOver: hooks.includes('exportState') };
}

/** An instance, whose hooks may be made by its constructor; its prototype where the options have no defaults. */
function sampleOf(definition: PluginDefinition): object {
  try {
    return createInstance(definition);
  } catch {
    return definition.implementation.prototype as object;
  }
}
