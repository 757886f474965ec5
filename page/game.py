"""The game of Learn to see: its rounds, the guesses, and who was right. HTML is made elsewhere."""

from dataclasses import dataclass, field

from ensemble import Verdict
from ensemble.vocabulary import AI, PARTLY, REAL
from page.examples import Example

ROUNDS = 10
PAIRS = 6
FEWEST = 3  # pictures of either truth in a game of single ones: nobody can count what must come


@dataclass(frozen=True)
class Single:
    """One picture, of which to say whether it is a camera's or a generator's."""

    picture: Example
    choices = (REAL, AI)

    @property
    def pictures(self):
        """What is shown."""
        return (self.picture,)

    def is_right(self, guess):
        """Whether a choice is the truth."""
        return guess == self.picture.truth

    @property
    def program(self):
        """The program's choice: the majority of the votes."""
        verdict = self.picture.verdict
        assert isinstance(verdict, Verdict)  # no game has pictures that can't be judged
        return verdict.label


@dataclass(frozen=True)
class Pair:
    """Two pictures of one subject, of which to find the generated one; the other is real."""

    pictures: tuple
    choices = ("0", "1")

    def is_right(self, guess):
        """Whether the picture at this place is the generated one."""
        return self.pictures[int(guess)].truth == AI

    @property
    def program(self):
        """The program's choice.

        The picture whose file says that it is generated, else the one that the models give the
        higher probability of it.
        """
        suspicions = [(picture.verdict.answer in (AI, PARTLY), picture.verdict.p_ai)
                      for picture in self.pictures]
        return str(suspicions.index(max(suspicions)))


@dataclass
class Game:
    """A game in play.

    Attributes
    ----------
    rounds : list of Single or of Pair
    guesses : list of str
        The player's choices so far.
    revealed : bool
        Whether the last guess is being shown with the truth.
    """

    rounds: list
    guesses: list = field(default_factory=list)
    revealed: bool = False

    @property
    def over(self):
        """Whether all rounds were guessed and looked at."""
        return len(self.guesses) == len(self.rounds) and not self.revealed

    @property
    def at(self):
        """Index of the round that is on the table."""
        return len(self.guesses) - self.revealed

    @property
    def round(self):
        """The round that is on the table."""
        return self.rounds[self.at]

    @property
    def score(self):
        """In how many of the guessed rounds the player and the program were right."""
        guessed = list(zip(self.rounds, self.guesses))
        return (sum(one.is_right(guess) for one, guess in guessed),
                sum(one.is_right(one.program) for one, _ in guessed))

    def play(self, action, at):
        """Guess (`action` is one of the round's choices) or go on (`next`).

        A click that was meant for another round than the one on the table, such as the second
        of a double click, changes nothing.
        """
        if self.over or at != str(self.at):
            return
        if action == "next" and self.revealed:
            self.revealed = False
        elif action in self.round.choices and not self.revealed:
            self.guesses.append(action)
            self.revealed = True


def draw_singles(examples, chance):
    """A game of single pictures.

    Parameters
    ----------
    examples : list of Example
        Of both truths.
    chance : random.Random
    """
    ai = [example for example in examples if example.truth == AI]
    real = [example for example in examples if example.truth == REAL]
    rounds = min(ROUNDS, len(examples))
    low = max(min(FEWEST, len(ai)), rounds - len(real))
    high = min(len(ai), rounds - min(FEWEST, len(real)))
    count = chance.randint(low, high)
    pictures = chance.sample(ai, count) + chance.sample(real, rounds - count)
    chance.shuffle(pictures)
    return Game([Single(picture) for picture in pictures])


def draw_pairs(examples, chance):
    """A game of pairs, of one subject where there are enough pictures of it.

    Parameters
    ----------
    examples : list of Example
        Pictures of today.
    chance : random.Random
    """
    examples = chance.sample(examples, len(examples))
    ai = [example for example in examples if example.truth == AI]
    real = [example for example in examples if example.truth == REAL]
    pairs = []
    for alike in (True, False):
        for picture in list(ai):
            other = next((other for other in real if not alike
                          or other.source.subject == picture.source.subject), None)
            if other:
                ai.remove(picture)
                real.remove(other)
                pairs.append(Pair(tuple(chance.sample((picture, other), 2))))
    pairs = pairs[:PAIRS]
    chance.shuffle(pairs)
    return Game(pairs)
