"""Many chunks at a time: in processes here, or on a Dask cluster, both through joblib."""

import logging
import multiprocessing
import os
import signal
import threading
import time
import warnings
from concurrent.futures import CancelledError, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import cache

import pyarrow
from joblib import Parallel, delayed, parallel_config
from joblib.externals.loky.process_executor import TerminatedWorkerError

from ensemble.score.errors import ScoreError

# A run that is stopped says so in words of its own; and a worker whose memory has grown by much,
# which a few large pictures are enough for, is replaced by a new one and loses nothing.
for message in (r"\d+ tasks which were still being processed", "A worker stopped while some jobs"):
    warnings.filterwarnings("ignore", message, UserWarning)
WAIT = 60  # seconds for the workers of a cluster to come
FEW = 16  # files at a time, once a process has died on one of many


@contextmanager
def workers(dask=None, scatter=()):
    """Have joblib use a process a core, each of which computes with one thread.

    Parameters
    ----------
    dask : str, optional
        Address of a Dask scheduler, whose workers to use instead.
    scatter : sequence, optional
        Large arguments that each Dask worker is given once, for all tasks.

    Yields
    ------
    dask.distributed.Client or None

    Raises
    ------
    ScoreError
        If Dask is not installed, or no scheduler answers there, or it has no workers.
    """
    if dask is None:
        with parallel_config("loky", inner_max_num_threads=1):
            yield None
        return
    try:
        from dask.distributed import Client
    except ModuleNotFoundError as error:
        raise ScoreError(f"--dask needs {error.name}, which is not installed: "
                         f"pip install 'dask[distributed]'") from error
    # What it logs when the scheduler goes are tracebacks; the error says it in a sentence.
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    try:
        client = Client(dask)
    except (OSError, ValueError) as error:
        raise ScoreError(f"No Dask scheduler answers at {dask}: {error}.") from error
    with client:
        try:
            client.wait_for_workers(1, WAIT)
        except TimeoutError as error:
            raise ScoreError(f"The Dask cluster at {dask} has no workers.") from error
        with parallel_config("dask", client=client, scatter=list(scatter),
                             wait_for_workers_timeout=WAIT) as settings:
            _mend(settings["backend"])
            yield client


def judged(judge, chunks, jobs, died):
    """Judge chunks of files, as the settings of `workers` say.

    A worker process that dies takes all that are at work with it, on Dask after the fourth time.
    Their files are then judged a few at a time, and when it dies again one by one in a process
    here, so that only the file on which it dies goes without a verdict.

    Parameters
    ----------
    judge : callable
        `files → pyarrow.Table`, of a row a file.
    chunks : iterable of list of File
        Asked for as they are needed, from another thread.
    jobs : int
        How many at a time.
    died : callable
        `file → pyarrow.Table`: the row of a file on which the process died.

    Yields
    ------
    pyarrow.Table
        Of each chunk, in the order in which they are done.

    Raises
    ------
    ScoreError
        If the cluster goes.
    """
    numbered, at_work = enumerate(chunks), {}

    def calls():
        for number, files in numbered:
            at_work[number] = files
            yield delayed(_undisturbed)(number, judge, files)

    while True:
        try:
            for number, table in Parallel(jobs, return_as="generator_unordered",
                                          batch_size=1)(calls()):
                del at_work[number]
                yield table
            return
        except TerminatedWorkerError:
            suspects = list(at_work.values())
            at_work.clear()
        except (CancelledError, TimeoutError) as error:
            raise ScoreError("The cluster has gone; the same command goes on once it is "
                             "back.") from error
        few = [files[i:i + FEW] for files in suspects for i in range(0, len(files), FEW)]
        if len(few) > len(suspects):
            yield from judged(judge, few, jobs, died)
        else:
            for files in few:
                yield pyarrow.concat_tables(_one_by_one(judge, files, died))


def _mend(backend):
    """Mend what joblib 1.6 lacks on Dask."""
    submit, count = backend.submit, backend.effective_n_jobs

    def submit_and_watch(call, callback=None):
        """It never hears of a task that was given up, and would wait for ever."""
        def pass_on(future):
            if error := future.exception():
                callback(TerminatedWorkerError(str(error)))

        future = submit(call, callback)
        future.add_done_callback(pass_on)
        return future

    backend.submit = submit_and_watch
    # Where one worker is left, it would compute in this process.
    backend.effective_n_jobs = lambda n_jobs: max(2, count(n_jobs))


def _undisturbed(number, judge, files):
    if multiprocessing.parent_process() and threading.current_thread() is threading.main_thread():
        _belong_to_parent()  # in a process of joblib's; those of Dask have threads for their tasks
    return number, judge(files)


@cache
def _belong_to_parent():
    """Leave Ctrl+C, which all processes get, to the one that started this one; end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = os.getppid()

    def end():
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)  # it was killed; joblib's processes would wait minutes for work

    threading.Thread(target=end, daemon=True).start()


def _one_by_one(judge, files, died):
    pool = None
    for file in files:
        pool = pool or ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))
        try:
            yield pool.submit(judge, [file]).result()
        except BrokenProcessPool:
            pool.shutdown()
            pool = None
            yield died(file)
    if pool:
        pool.shutdown()
