"""A plan as WebAssembly: the C of `gatelet.deploy.c` as a module without imports, in a package of JavaScript."""
