"""The operators that do the work of recurrent layers, behind one Python face: `kernels.recurrent`."""
