"""The studies of Reddy et al. (n.d.): transfer, whole songs, unequal classes, published taggers."""

from mgrlib.papers.reddy2024.studies import few_clips, songs, taggers
from mgrlib.papers.reddy2024.studies.augmentation import AUGMENTATION
from mgrlib.papers.reddy2024.studies.imbalance import IMBALANCE
from mgrlib.papers.reddy2024.studies.pretraining import PRETRAINING, PRETRAINING_CNN

STUDIES = (
    PRETRAINING,
    PRETRAINING_CNN,
    *few_clips.STUDIES,
    *songs.STUDIES,
    AUGMENTATION,
    IMBALANCE,
    *taggers.STUDIES,
)
