"""Every model that can be trained here, by name: ours, and those of five student systems.

A network of a student system maps uint8 [N, size, size, 3] to probabilities: one, that the image
is AI-generated (sigmoid), or one a class (softmax), real first. Its preprocessing is inside, and
so are the random changes of the training images, which do nothing otherwise.
"""

from collections.abc import Callable
from dataclasses import dataclass

from keras import optimizers

from training.cifake.models import BatchNormalization, BlockSpectrum, cnn, resnet, svm
from training.students import system1, system2, system3, system4, system5

__all__ = ["RECIPES", "BatchNormalization", "BlockSpectrum", "Recipe", "cnn", "resnet", "svm"]
OURS = "ours"


@dataclass(frozen=True)
class Recipe:
    """A model and how it is trained unless told otherwise.

    Attributes
    ----------
    system : {"ours", "1", "2", "3", "4", "5"}
        Whose it is.
    says : str
        What its report says of it, in a few words.
    build : callable
        `(size, weights) →` a Keras model, scikit-learn's pipeline of an SVM, or the two models of
        a DCGAN; what they start from and the size are chosen in Keras models only.
    size : int
        Side of its input in pixels.
    parameters : int or None
        As the report prints it.
    accuracy : float or None
        On a test split, as the report prints it.
    weights : {"imagenet", None}
        What its base starts from; None if it has none or is trained from scratch.
    epochs, batch : int
    optimizer : callable
        `steps → keras.optimizers.Optimizer`, for a training of that many steps.
    callbacks : callable
        Of the training, made anew for each.
    best : bool
        Keep the epoch with the lowest validation loss, not the last.
    fine_tune : callable or None
        `network → optimizer` of a second training; lets more of the base be trained.
    """

    system: str
    says: str
    build: Callable
    size: int
    parameters: int | None = None
    accuracy: float | None = None
    weights: str | None = None
    epochs: int = 10
    batch: int = 32
    optimizer: Callable = lambda steps: optimizers.Adam(1e-3)
    callbacks: Callable = list
    best: bool = False
    fine_tune: Callable | None = None


RECIPES = {
    "svm": Recipe(OURS, "RBF SVM on pixels and their spectrum", lambda *_: svm(), 32),
    "cnn": Recipe(OURS, "plain CNN beside the spectrum of blocks", lambda *_: cnn(), 32,
                  epochs=36, batch=128),
    "resnet": Recipe(OURS, "residual network beside the spectrum of blocks",
                     lambda *_: resnet(), 32, epochs=36, batch=128),
    "basic-cnn": Recipe("1", "plain CNN, global average, dense 128, 64", system1.basic_cnn, 224,
                        parameters=1_149_762, batch=16),
    "resnet50": Recipe("1", "frozen ResNet50, global average", system1.resnet50, 224,
                       weights="imagenet", batch=16),
    "resnet50-mlp": Recipe("1", "frozen ResNet50, dense 128, 64", system1.resnet50_mlp, 224,
                           weights="imagenet", batch=16),
    "mobilenetv2-mlp": Recipe("1", "frozen MobileNetV2, dense 128, 64", system1.mobilenetv2_mlp,
                              224, weights="imagenet", batch=16),
    "vgg19-mlp": Recipe("1", "frozen VGG19, dense 128, 64", system1.vgg19_mlp, 224,
                        weights="imagenet", epochs=5, batch=16),
    "svm-flat": Recipe("2", "SVM on flattened pixels, RBF or polynomial",
                       lambda *_: system2.svm_flat(), 32, accuracy=0.7368),
    "cnn-two-ai": Recipe("2", "conv 32, 64, 128, dense 256, sigmoid", system2.cnn_two_ai, 32,
                         parameters=224_833, accuracy=0.9289),
    "resnet50-two-ai": Recipe("2", "frozen ResNet50, dense 256, sigmoid; or its last five layers "
                              "too", system2.resnet50_two_ai, 200, weights="imagenet",
                              fine_tune=system2.tune_last_five),
    "cnn-baseline": Recipe("3", "conv 32, 32, dense 64, as in CIFAKE's paper",
                           system3.cnn_baseline, 32, epochs=20, batch=200),
    "efficientnetv2b3": Recipe("3", "EfficientNetV2B3, all trained, dense 256 with L1 and L2",
                               system3.efficientnetv2b3, 32, accuracy=0.95, weights="imagenet",
                               epochs=20, batch=200, optimizer=system3.adamax),
    "resnet50-full": Recipe("3", "ResNet50, all trained, dense 256", system3.resnet50_full, 32,
                            accuracy=0.93, weights="imagenet", epochs=20, batch=200,
                            optimizer=system3.adam),
    "dcgan": Recipe("3", "generator of fakes, 100 → 8×8×256 → 32×32×3",
                    lambda *_: system3.dcgan(), 32, epochs=50, batch=128),
    "three-class": Recipe("3", "cnn-baseline for real, diffusion model and GAN",
                          system3.three_class, 32, epochs=20, batch=200),
    "vgg16-full": Recipe("4", "VGG16, all trained, SGD", system4.vgg16_full, 32,
                         parameters=14_900_000, accuracy=0.941, weights="imagenet",
                         optimizer=system4.sgd),
    "mobilenet-faces": Recipe("4", "frozen MobileNet, early stopping, then fine-tuning",
                              system4.mobilenet_faces, 224, weights="imagenet", epochs=20,
                              callbacks=system4.patience, best=True, fine_tune=system4.tune_all),
    "resnet101": Recipe("5", "ResNet101 from scratch behind noise, dense 1024", system5.resnet101,
                        224, epochs=50, optimizer=system5.polynomial_adam,
                        callbacks=system5.until_passed, best=True),
}
