"""Assignments from one source: releasing them, marking submissions, grading models.

How it is built, and why:

- **Results leave, code does not come in.** A submission is run in a *box* (`box`, `runner`): its
  cells, and then a few lines of code for each question that call its functions on fresh inputs.
  What comes back is plain data (`values`): numbers, texts, arrays as dtype, shape, and bytes.
  Another process judges these values (`marking`). It holds the expected answers, the class's
  secret, and the reference, and never executes what a student wrote. So it does not matter what a
  submission does to its own process: a changed NumPy, a lying object, or a forged message is only
  another value.
- **The box is bubblewrap** with no network, no other processes, a filter for system calls, only
  memory to write to, and nothing to read but the system, Python, the package, and the job. Results
  leave through one pipe of limited length, so there is no folder to clean up and no file to open.
  A submission is limited in CPU time, not in time by the clock, so a busy computer changes no mark.
- **What a submission may not use is not in the box**: packages and generators whose use would make
  a task pointless are hidden as files, not searched for in the source.
- **An assignment is a folder** (`assignment`): a source notebook with its solutions and variants
  (`notebooks`), and a judge module that declares parts, points, questions, and rubrics. The class's
  secret is drawn by `mgrlib release --seed` and decides the hidden corpora; questions get fresh
  inputs in every run.
- **Whatever goes wrong is a row** (`submissions`, `classes`): the table of marks is written before
  any page, a journal lets a killed marking resume, and points given by hand (`rubric`) are kept.

nbgrader was left behind: it runs hidden tests in the student's own kernel, which is what all of
this avoids, and what remained of it (taking out solutions) is a regular expression.

What is left. A submission sees the inputs of all questions from its first cell on, so a judge must
not ask anything whose answer is among the inputs of any question. The kernel is shared with the
box: a hole in Linux is a hole in the box. Marked as root, the number of processes is only watched,
four times a second, and not limited by the kernel. The box `user`, for containers of platforms that
allow nothing else, keeps the judge's files unreadable and does not shut off the network. And no box
can tell who did the work.
"""
