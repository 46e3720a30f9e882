/** The sixteen bytes of an IPv6 address in text. */
export function ipv6Bytes(address: string): number[] {
  const words = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((word) => Number.parseInt(word, 16));
  const [head = '', tail] = address.split('::');
  const first = words(head);
  const last = words(tail ?? '');
  const zeros = Array.from({ length: Math.max(0, 8 - first.length - last.length) }, () => 0);
  return [...first, ...zeros, ...last].flatMap((word) => [word >>> 8, word & 0xff]);
}
