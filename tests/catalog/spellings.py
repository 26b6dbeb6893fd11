"""A small vocabulary."""

from __future__ import annotations

WORDS = {
    "dataset-names": """spelling,dataset_id
CIFAR-10,cifar10
CUB-200-2011,cub-200-2011
ImageNet1k,imagenet-1k
SVHN,svhn
adrenalmnist3d,adrenalmnist3d
""",
    "publishers": "spelling,publisher,publisher_type\nosmr,Oleg Sémery,individual\n",
    "countries": """spelling,country
"China, USA",China;United States
"Switzerland, UK",Switzerland;United Kingdom
USA,United States
""",
    "venues": """spelling,venue,venue_type
CVPR,CVPR,CV
ICML,ICML,ML
NeurIPS,NeurIPS,ML
arXiv,arXiv,arXiv
""",
    "licenses": "spelling,license\nMIT,MIT\n",
    "roles": "security_role,purpose,training_kind\nadversarially-trained,security,adversarial\n",
    "model-types": "pattern,model_type\nresnet,resnet\nvgg,vgg\n",
}
