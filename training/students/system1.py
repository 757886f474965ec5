"""System 1: a plain CNN against frozen ImageNet networks, at 224 pixels."""

from keras import layers

from training.students.blocks import RandomGain, augmented, base, mlp, pixels, softmax


def basic_cnn(size=224, weights=None):
    """Conv 64, pool, 2 × 128, pool, 2 × 256, pool, global average, dense 128, 64, softmax 2."""
    images = pixels(size)
    x = layers.Rescaling(1 / 255)(_changed(images))
    for filters, times in ((64, 1), (128, 2), (256, 2)):
        for _ in range(times):
            x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D()(x)
    x = layers.GlobalAveragePooling2D()(x)
    return softmax(images, mlp(x, 128, 64, dropout=0.2), "basic-cnn")


def resnet50(size=224, weights="imagenet"):
    """ResNet50, global average, softmax 2."""
    return _on_base("ResNet50", "resnet50", size, weights)


def resnet50_mlp(size=224, weights="imagenet"):
    """ResNet50, global average, dense 128, 64, dropout 0.2, softmax 2."""
    return _on_base("ResNet50", "resnet50-mlp", size, weights, 128, 64)


def mobilenetv2_mlp(size=224, weights="imagenet"):
    """MobileNetV2, global average, dense 128, 64, dropout 0.2, softmax 2."""
    return _on_base("MobileNetV2", "mobilenetv2-mlp", size, weights, 128, 64)


def vgg19_mlp(size=224, weights="imagenet"):
    """VGG19, global average, dense 128, 64, dropout 0.2, softmax 2."""
    return _on_base("VGG19", "vgg19-mlp", size, weights, 128, 64)


def _on_base(base_name, name, size, weights, *widths):
    images = pixels(size)
    x = base(base_name, _changed(images), weights)
    x = layers.GlobalAveragePooling2D()(x)
    return softmax(images, mlp(x, *widths, dropout=0.2 if widths else 0), name)


def _changed(images):
    return augmented(images, layers.RandomFlip(), RandomGain(0.4, 1.5),
                     layers.RandomZoom(0.3, fill_mode="nearest"),
                     layers.RandomRotation(40 / 360, fill_mode="nearest"))
