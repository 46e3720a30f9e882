/** A capture of so many frames from one address, a millisecond apart: classic pcap, Ethernet, in microseconds. */
export function captureOf(mac: string, frames: number): Uint8Array {
  const bytes = 60;
  const capture = Buffer.alloc(24 + frames * (16 + bytes));
  capture.writeUInt32LE(0xa1b2c3d4, 0);
  capture.writeUInt16LE(2, 4);
  capture.writeUInt16LE(4, 6);
  capture.writeUInt32LE(65_535, 16);
  capture.writeUInt32LE(1, 20);
  for (let i = 0; i < frames; i++) {
    const at = 24 + i * (16 + bytes);
    capture.writeUInt32LE(i * 1000, at + 4);
    capture.writeUInt32LE(bytes, at + 8);
    capture.writeUInt32LE(bytes, at + 12);
    capture.write('020000000001', at + 16, 'hex');
    capture.write(mac.replaceAll(':', ''), at + 22, 'hex');
    capture.writeUInt16BE(0x0800, at + 28);
  }
  return capture;
}
