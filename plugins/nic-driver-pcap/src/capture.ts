export { type CapturedFrame, CaptureReader, type CaptureReaderOptions } from './capture-reader.ts';
export {
  type CaptureFormat,
  CaptureWriter,
  type CaptureWriterOptions,
  type StampResolution,
} from './capture-writer.ts';
export { MAX_CAPTURED_BYTES } from './format.ts';
