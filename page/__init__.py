"""What a visitor sees: one module a tab, all its words in `page/words/`.

`tab(ensemble)` of a module lays its tab out inside `with gr.Tab(...)`. Everything that comes
from outside is escaped where it enters HTML.
"""

CONCURRENT = 4  # images judged at the same time; the members use all cores for each
WAITING = 64  # requests in the queue before new ones are refused
KEEP_SECONDS = 600  # how long an upload stays, for the page to show it
# Options of every listener of the page that judges: one queue with the API's endpoints.
JUDGES = {"api_visibility": "private", "show_progress": "hidden",
          "concurrency_limit": CONCURRENT, "concurrency_id": "judge"}
