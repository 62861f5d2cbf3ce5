/** The compiled kernels, as a module of a Worker. */
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}

/** A CommonJS module: its default export is the path of the binary. */
declare module "workerd" {
  const workerd: { default: string };
  export default workerd;
}
