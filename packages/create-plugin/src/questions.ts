import { createInterface } from 'node:readline/promises';
import { FairleadError, isFairleadError } from '@fairlead/sdk';
import { checkKind, checkLanguage, checkName, KINDS, type WrittenRequest } from './request.ts';

/** Where questions are asked and answered. */
export interface Terminal {
  /** Where answers come from. */
  readonly input: NodeJS.ReadableStream;
  /** Where questions go. */
  readonly output: NodeJS.WritableStream;
}

/** What each kind decides, in the words that a person would look for. */
const ABOUT: Readonly<Record<string, string>> = {
  admission: 'may this frame go now: admit, queue or drop',
  'load-distribution': 'over which NIC does a frame go',
  'link-monitor': 'is a NIC whose link is up fit to carry traffic',
  detector: 'does what passes by look like trouble',
  responder: 'what is done about a signal',
  'nic-driver': 'how frames reach a physical NIC',
  'device-emulator': 'how a VM sees its virtual NIC',
  hypervisor: 'how a VM is suspended, resumed, throttled, migrated',
  'host-registry': 'which other hosts exist, with what room',
};

/** Asks for what was not said. A wrong answer is explained and asked for again; the end of the input gives up. */
export async function askFor(written: WrittenRequest, terminal: Terminal): Promise<WrittenRequest> {
  const reader = createInterface({ ...terminal });
  // readline leaves a question open for ever when its input ends.
  const ended = new Promise<never>((_, reject) => {
    const mend = 'answer them all, or say --kind and --name';
    const detail = { where: 'questions', mend };
    reader.once('close', () =>
      reject(new FairleadError('FAIRLEAD_ERR_SCAFFOLD_REQUEST', 'the input ended before all was answered', detail)),
    );
  });
  ended.catch(() => undefined);
  const ask = async (question: string, fallback: string | undefined, check: (answer: string) => string) => {
    const shown = fallback === undefined ? question : `${question} (${fallback})`;
    for (;;) {
      const answer = (await Promise.race([reader.question(`${shown}: `), ended])).trim();
      try {
        return check(answer === '' && fallback !== undefined ? fallback : answer);
      } catch (error) {
        if (!isFairleadError(error)) throw error;
        terminal.output.write(`  ${error.what}; ${error.mend}\n`);
      }
    }
  };
  try {
    if (written.kind === undefined) {
      for (const [i, kind] of KINDS.entries()) terminal.output.write(`  ${i + 1} ${kind.padEnd(18)} ${ABOUT[kind]}\n`);
    }
    const kind =
      written.kind ??
      (await ask('kind, by name or number', undefined, (answer) => checkKind(KINDS[Number(answer) - 1] ?? answer)));
    const name = written.name ?? (await ask('name, as express-lane', undefined, checkName));
    const language = written.language ?? (await ask('language: ts or js', 'ts', checkLanguage));
    const folder = written.folder ?? (await ask('folder', `./${name}`, (answer) => answer));
    return { kind, name, language, folder };
  } finally {
    reader.close();
  }
}
