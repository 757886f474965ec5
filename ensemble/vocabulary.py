"""The words that answers, votes and evidence are given in; other programs rely on them."""

# What a picture is: a vote's label is one of the first two, an answer any of the four.
AI, REAL, PARTLY, CANT_TELL = "AI-generated", "Real", "Partly AI-generated", "Can't tell"
# What evidence may say of a picture's origin besides AI and PARTLY.
CAMERA = "camera"
# What an answer rests on.
CREDENTIALS, MARK, NOTES, MODELS = "credentials", "mark", "notes", "models"
# How sure a vote is, from the surest down.
CONFIDENT, LIKELY, UNCERTAIN = "confident", "likely", "uncertain"
