"""A second family of fakes: a DCGAN on CIFAKE's real images.

CIFAKE's fakes are all Stable Diffusion's. Images of this generator join the training
fakes, and its pictures fill the AI-generated example gallery.

Method: Radford, Metz and Chintala 2015, "Unsupervised representation learning with deep
convolutional generative adversarial networks" (arXiv 1511.06434). Departures: both networks are
told the class of the object (Mirza and Osindero 2014, arXiv 1411.1784); group instead of batch
normalisation in the discriminator, which so sees real and drawn images in one batch; and the
generator that is kept is the moving average of the trained one (Yazıcı et al. 2018,
arXiv 1806.04498).
"""

import csv
import time
from pathlib import Path

import keras
import numpy as np
from keras import layers
from tqdm import trange

from training.images.data import KINDS
from training.students.recipes import BatchNormalization

LATENT = 100
AVERAGE = 0.995


def build_generator():
    """Latent [N, 100] and class [N, 10] → image in [-1, 1], [N, 32, 32, 3]."""
    noise, kind = layers.Input((LATENT,)), layers.Input((len(KINDS),))
    x = layers.Concatenate()([noise, kind])
    x = layers.Dense(4 * 4 * 256, use_bias=False)(x)
    x = layers.Reshape((4, 4, 256))(x)
    for filters in (128, 64, 3):
        x = BatchNormalization(momentum=0.9)(x)
        x = layers.ReLU()(x)
        x = layers.Conv2DTranspose(filters, 4, strides=2, padding="same")(x)
    return keras.Model([noise, kind], layers.Activation("tanh")(x), name="generator")


def build_discriminator():
    """Image in [-1, 1], [N, 32, 32, 3], and class [N, 10] → logit of being real, [N, 1]."""
    image, kind = layers.Input((32, 32, 3)), layers.Input((len(KINDS),))
    planes = layers.UpSampling2D(32)(layers.Reshape((1, 1, len(KINDS)))(kind))
    x = layers.Concatenate()([image, planes])
    for filters in (48, 96, 192):
        x = layers.Conv2D(filters, 4, strides=2, padding="same")(x)
        if filters > 48:
            x = layers.GroupNormalization(8)(x)
        x = layers.LeakyReLU(0.2)(x)
    logit = layers.Dense(1)(layers.Flatten()(x))
    return keras.Model([image, kind], logit, name="discriminator")


def latent(seeds):
    """A standard normal vector and a class, one-hot, of each seed: seed 13 is of class 3."""
    seeds = list(seeds)
    noise = np.stack([np.random.default_rng(s).standard_normal(LATENT) for s in seeds])
    return [noise.astype("float32"), np.eye(len(KINDS), dtype="float32")[np.array(seeds) % 10]]


def generate(generator, seeds):
    """The generator's images of these seeds, uint8 [N, 32, 32, 3]."""
    images = generator.predict(latent(seeds), batch_size=250, verbose=0)
    return np.clip((images + 1) * 127.5, 0, 255).round().astype(np.uint8)


def fit(real, out, epochs=24, batch=64, seed=0, build=(build_generator, build_discriminator)):
    """Train the generator; resumes after the last whole epoch found in `out`.

    Parameters
    ----------
    real : Data
        Real images only.
    out : path
        Folder for `generator.keras` (the moving average), `curve.csv` and the checkpoint.
    epochs, batch, seed : int
    build : pair of callable
        Of the generator and of the discriminator, with the inputs and outputs of those above.

    Returns
    -------
    path
        Of the averaged generator.
    """
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(seed)
    generator, average, discriminator = build[0](), build[0](), build[1]()
    average.set_weights(generator.get_weights())
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    discriminator.compile(keras.optimizers.Adam(2e-4, beta_1=0.5), loss)
    noise, kind = generator.inputs
    both = keras.Model([noise, kind], discriminator([generator([noise, kind]), kind]))
    both.compile(keras.optimizers.Adam(2e-4, beta_1=0.5), loss)
    discriminator.optimizer.build(discriminator.trainable_variables)
    both.optimizer.build(generator.trainable_variables)
    checkpoint = out / "checkpoint.npz"
    models = generator, average, discriminator
    optimizers = discriminator.optimizer, both.optimizer
    done = _restore(checkpoint, models, optimizers)

    ones = np.ones((batch, 1), "float32")
    is_real = np.concatenate([0.9 * ones, 0 * ones])  # one-sided smoothing
    classes = np.eye(len(KINDS), dtype="float32")
    for epoch in range(done, epochs):
        rng = np.random.default_rng((seed, epoch))
        order = rng.permutation(len(real))
        losses, started = [], time.time()
        for step in trange(len(real) // batch, desc=f"dcgan {epoch + 1}/{epochs}", mininterval=5):
            rows = order[step * batch:(step + 1) * batch]
            images = real.images[rows].astype("float32") / 127.5 - 1
            mirrored = rng.random(batch) < 0.5
            images[mirrored] = images[mirrored, :, ::-1]
            kinds = classes[real.kinds[rows]]
            noise = rng.standard_normal((batch, LATENT)).astype("float32")
            # training=True: batch statistics, as in the generator's own step
            drawn = keras.ops.convert_to_numpy(generator([noise, kinds], training=True))
            discriminator.trainable = True
            d_loss = discriminator.train_on_batch(
                [np.concatenate([images, drawn]), np.concatenate([kinds, kinds])], is_real)
            discriminator.trainable = False
            g_loss = both.train_on_batch([noise, kinds], ones)
            losses.append((float(d_loss), float(g_loss)))
            for kept, new in zip(average.weights, generator.weights):
                kept.assign(AVERAGE * kept + (1 - AVERAGE) * new)
        _log(out / "curve.csv", epoch, *np.mean(losses, axis=0), time.time() - started)
        average.save(out / "generator.keras")
        discriminator.trainable = True
        _save(checkpoint, epoch + 1, models, optimizers)
    return out / "generator.keras"


def _log(path, epoch, d_loss, g_loss, seconds):
    new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.writer(file)
        if new:
            writer.writerow(["epoch", "discriminator_loss", "generator_loss", "seconds"])
        writer.writerow([epoch, f"{d_loss:.4f}", f"{g_loss:.4f}", f"{seconds:.1f}"])


def _variables(models, optimizers):
    return [v for owner in models for v in owner.weights] + [
        v for owner in optimizers for v in owner.variables]


def _save(path, epoch, models, optimizers):
    arrays = {f"v{i}": keras.ops.convert_to_numpy(v)
              for i, v in enumerate(_variables(models, optimizers))}
    part = path.with_suffix(".part.npz")
    np.savez(part, epoch=epoch, **arrays)
    part.replace(path)  # a run killed while writing keeps the last whole checkpoint


def _restore(path, models, optimizers):
    if not path.exists():
        return 0
    with np.load(path) as saved:
        for i, variable in enumerate(_variables(models, optimizers)):
            variable.assign(saved[f"v{i}"])
        return int(saved["epoch"])
