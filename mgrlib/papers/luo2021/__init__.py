"""Luo (2021): CNN, LSTM and ResNet on mel spectrograms and MFCC."""
