"""Drawings for what a picture is: in a box of 24 × 24, without colours of their own."""

from ensemble.vocabulary import AI, CANT_TELL, PARTLY, REAL

SPARKLE = '<path d="M11 3l2 6 6 2-6 2-2 6-2-6-6-2 6-2z"/>'
ICONS = {
    REAL: '<path d="M4 8h3l2-3h6l2 3h3v11H4z"/><circle cx="12" cy="13" r="3.5"/>',
    AI: SPARKLE + '<path d="M18.5 15l1 2.5 2.5 1-2.5 1-1 2.5-1-2.5-2.5-1 2.5-1z"/>',
    PARTLY: '<path d="M3 6h18v13H3z"/><path d="M15 9l1 3 3 1-3 1-1 3-1-3-3-1 3-1z"/>',
    CANT_TELL: '<circle cx="12" cy="12" r="8.5"/><path d="M9.5 9.5a2.6 2.6 0 1 1 3.6 2.4c-.8.4-1.1 '
               '1-1.1 2"/><path d="M12 16.6v.2"/>',
    None: '<rect x="4" y="4" width="16" height="16" rx="3"/><path d="M4 16l5-5 4 4 3-3 4 4"/>',
}
