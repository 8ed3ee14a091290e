"""Kernels for GPUs, in Triton: what cuDNN does not cover. Nothing here is imported, and Triton need not be installed,
unless a tensor lies on a GPU.
"""
