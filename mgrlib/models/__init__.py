"""Plain `nn.Module`s from segments to logits, one file per paper."""
