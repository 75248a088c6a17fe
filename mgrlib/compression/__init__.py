"""Making trained networks smaller: pruning, quantisation, distillation, export, cost."""
