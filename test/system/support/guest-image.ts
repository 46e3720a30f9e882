import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A kernel and a root file system for {@link Guest.start}. */
export interface GuestImage {
  readonly kernel: string;
  readonly initramfs: string;
}

const root = fileURLToPath(new URL('../../..', import.meta.url));
let image: GuestImage | undefined;

/**
 * Builds the guest from Debian's packages, or finds it built: `scripts/guest-image.sh out/guest`. Blocks, seconds the
 * first time; call it before a test starts.
 * @throws Error with the script's reason, when the packages cannot be had.
 */
export function guestImage(): GuestImage {
  if (image !== undefined) return image;
  const built = spawnSync(`${root}scripts/guest-image.sh`, [`${root}out/guest`], {
    encoding: 'utf8',
    timeout: 900_000,
  });
  const [kernel, initramfs] = (built.stdout ?? '').split('\n');
  if (built.status !== 0 || !kernel || !initramfs) {
    throw new Error((built.stderr || String(built.error ?? 'guest-image.sh failed')).trim());
  }
  image = { kernel, initramfs };
  return image;
}
