"""Every model that can be trained here, by name: the shipped pack's, and those of five systems.

A network of a student system maps uint8 [N, size, size, 3] to probabilities: one, that the image
is AI-generated (sigmoid), or one a class (softmax), real first. Its preprocessing is inside, and
so are the random changes of the training images, which do nothing otherwise.
"""

from functools import partial

from keras import optimizers

from training.cifake.recipes import RECIPES as OWN_RECIPES
from training.recipe import Recipe
from training.students import system1, system2, system3, system4, system5
from training.students.export import export_classifier, export_flat_svm
from training.students.fit import fit_dcgan, fit_flat_svm, fit_network_recipe


def adam(steps):
    """Adam at Keras's rate."""
    return optimizers.Adam(1e-3)


Network = partial(Recipe, fit=fit_network_recipe, export=export_classifier, epochs=10, batch=32,
                  optimizer=adam)
Pretrained = partial(Network, weights="imagenet")

STUDENTS = (
    Network("basic-cnn", "1", "plain CNN, global average, dense 128, 64", system1.basic_cnn,
            size=224, parameters=1_149_762, batch=16),
    Pretrained("resnet50", "1", "frozen ResNet50, global average", system1.resnet50,
               size=224, batch=16),
    Pretrained("resnet50-mlp", "1", "frozen ResNet50, dense 128, 64", system1.resnet50_mlp,
               size=224, batch=16),
    Pretrained("mobilenetv2-mlp", "1", "frozen MobileNetV2, dense 128, 64",
               system1.mobilenetv2_mlp, size=224, batch=16),
    Pretrained("vgg19-mlp", "1", "frozen VGG19, dense 128, 64", system1.vgg19_mlp,
               size=224, epochs=5, batch=16),
    Recipe("svm-flat", "2", "SVM on flattened pixels, RBF or polynomial",
           lambda size, weights: system2.svm_flat(), fit_flat_svm, export_flat_svm,
           accuracy=0.7368),
    Network("cnn-two-ai", "2", "conv 32, 64, 128, dense 256, sigmoid", system2.cnn_two_ai,
            parameters=224_833, accuracy=0.9289),
    Pretrained("resnet50-two-ai", "2",
               "frozen ResNet50, dense 256, sigmoid; or its last five layers too",
               system2.resnet50_two_ai, size=200, fine_tune=system2.tune_last_five),
    Network("cnn-baseline", "3", "conv 32, 32, dense 64, as in CIFAKE's paper",
            system3.cnn_baseline, epochs=20, batch=200),
    Pretrained("efficientnetv2b3", "3", "EfficientNetV2B3, all trained, dense 256 with L1 and L2",
               system3.efficientnetv2b3, accuracy=0.95, epochs=20, batch=200,
               optimizer=system3.adamax),
    Pretrained("resnet50-full", "3", "ResNet50, all trained, dense 256", system3.resnet50_full,
               accuracy=0.93, epochs=20, batch=200, optimizer=system3.adam),
    Recipe("dcgan", "3", "generator of fakes, 100 → 8×8×256 → 32×32×3",
           lambda size, weights: system3.dcgan(), fit_dcgan, epochs=50, batch=128),
    Network("three-class", "3", "cnn-baseline for real, diffusion model and GAN",
            system3.three_class, classes=3, epochs=20, batch=200),
    Pretrained("vgg16-full", "4", "VGG16, all trained, SGD", system4.vgg16_full,
               parameters=14_900_000, accuracy=0.941, optimizer=system4.sgd),
    Pretrained("mobilenet-faces", "4", "frozen MobileNet, early stopping, then fine-tuning",
               system4.mobilenet_faces, size=224, epochs=20, callbacks=system4.patience,
               best=True, fine_tune=system4.tune_all),
    Network("resnet101", "5", "ResNet101 from scratch behind noise, dense 1024",
            system5.resnet101, size=224, epochs=50, optimizer=system5.polynomial_adam,
            callbacks=system5.until_passed, best=True),
)
RECIPES = OWN_RECIPES | {recipe.name: recipe for recipe in STUDENTS}
