/** Element types for whoever makes tensors for the engine. */
export { ELEMENT_BYTES, type ElementType } from '../onnx/signature.js';
