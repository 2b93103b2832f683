"""The definitions once more, in plain Python and one sequence at a time: what the tasks are tested and timed against.

`DRAWS` holds, by task, how the symbols of a sequence of a length are drawn; `ANSWERS`, how a sequence is answered.
"""

import itertools
import math
import random
from collections.abc import Callable

Drawn = tuple[list[int], list[int]]
"""Symbols and answers."""

_WITH_TIMES, _WITHOUT_TIMES = "01234+-*()", "01234+-()x="


def _digits(number: int, width: int = 0) -> list[int]:
    """Return bits, the lowest first."""
    return [int(bit) for bit in reversed(f"{number:b}".zfill(width))]


def _number(bits: list[int]) -> int:
    return int("".join(map(str, reversed(bits))), 2)


def _ended(digits: list[int], answers: int) -> list[int]:
    return [*digits, 2, *[0] * (answers - 1 - len(digits))]


def _text(symbols: list[int], alphabet: str) -> str:
    return "".join(alphabet[symbol] for symbol in symbols)


def _value(text: str) -> int:
    """Return the value of an expression that was drawn here, as Python sees it."""
    return eval(text) % 5  # noqa: S307


def _missing_bit(symbols: list[int]) -> list[int]:
    if symbols == [1]:
        return [1]
    text = _text(symbols, "01?3").rstrip("3")
    half = len(text) // 2
    return [bit for bit in (0, 1) if (whole := text.replace("?", str(bit)))[:half] == whole[half:]]


def _stack(symbols: list[int]) -> list[int]:
    text = ""
    for symbol in symbols:
        text = text[1:] if symbol == 2 else "01-01"[symbol] + text
    return _ended([int(bit) for bit in text], len(symbols) + 1)


def _solution(symbols: list[int]) -> list[int]:
    if len(symbols) < 3:
        return [0]
    left, right = _text(symbols, _WITHOUT_TIMES).split("=")
    return [digit for digit in range(5) if _value(left.replace("x", str(digit))) == int(right)]


def _two_numbers(symbols: list[int], operation: Callable[[int, int], int], answers: int) -> list[int]:
    place = symbols.index(2)
    return _ended(_digits(operation(_number(symbols[:place]), _number(symbols[place + 1 :]))), answers)


def _sum(symbols: list[int]) -> list[int]:
    if len(symbols) < 3:
        return _ended(_digits(_number(symbols)), len(symbols) + 1)
    return _two_numbers(symbols, int.__add__, len(symbols) + 1)


def _product(symbols: list[int]) -> list[int]:
    if len(symbols) < 3:
        return _ended([0] * (len(symbols) - 1), len(symbols))
    return _two_numbers(symbols, int.__mul__, len(symbols))


def _root(symbols: list[int]) -> list[int]:
    return _digits(math.isqrt(_number(symbols[::-1])), (len(symbols) + 1) // 2)[::-1]


def elements(group: str) -> list[tuple[int, ...]]:
    """Return permutations in lexicographic order; the even ones have an even number of cycles of even length."""
    found = sorted(itertools.permutations(range(int(group[1]))))
    return found if group[0] == "S" else [each for each in found if _sign(each) == 1]


def _sign(permutation: tuple[int, ...]) -> int:
    seen, sign = set[int](), 1
    for start in permutation:
        length, at = 0, start
        while at not in seen:
            seen.add(at)
            at, length = permutation[at], length + 1
        sign *= -1 if length and length % 2 == 0 else 1
    return sign


def running_products(symbols: list[int], group: str) -> list[int]:
    """Return the number of the product of each prefix."""
    known = elements(group)
    said, product = [], known[0]
    for symbol in symbols:
        product = tuple(known[symbol][thing] for thing in product)
        said.append(known.index(product))
    return said


ANSWERS: dict[str, Callable[[list[int]], list[int]]] = {
    "even_pairs": lambda s: [sum(a != b for a, b in itertools.pairwise(s)) % 2],
    "modular_arithmetic": lambda s: [_value(_text(s, "01234+-*"))],
    "parity_check": lambda s: [sum(s) % 2],
    "cycle_navigation": lambda s: [sum({0: -1, 1: 0, 2: 1}[move] for move in s) % 5],
    "modular_arithmetic_brackets": lambda s: [_value(_text(s, _WITH_TIMES))],
    "reverse_string": lambda s: s[::-1],
    "solve_equation": _solution,
    "stack_manipulation": _stack,
    "duplicate_string": lambda s: s * 2,
    "missing_duplicate_string": _missing_bit,
    "odds_first": lambda s: s[1::2] + s[::2],
    "binary_addition": _sum,
    "binary_multiplication": _product,
    "compute_sqrt": _root,
    "bucket_sort": sorted,
}


def _bits(rng: random.Random, length: int, symbols: int = 2) -> list[int]:
    return [rng.randrange(symbols) for _ in range(length)]


def _draw_simple(rng: random.Random, length: int) -> list[int]:
    odd = length if length % 2 else length - 1
    return [rng.randrange(5, 8) if place % 2 else rng.randrange(5) for place in range(odd)]


def _expression(rng: random.Random, length: int, operators: str) -> tuple[str, int]:
    """Return an expression and its value."""
    if length < 5:
        digit = rng.randrange(5)
        return ["{}", "-{}", "({})", "(-{})"][length - 1].format(digit), (digit if length % 2 else -digit) % 5
    width = rng.randint(1, length - 4)
    left, a = _expression(rng, width, operators)
    right, b = _expression(rng, length - width - 3, operators)
    operator = rng.choice(operators)
    return f"({left}{operator}{right})", {"+": a + b, "-": a - b, "*": a * b}[operator] % 5


def _draw_brackets(rng: random.Random, length: int) -> Drawn:
    text, value = _expression(rng, length, "+-*")
    return [_WITH_TIMES.index(each) for each in text], [value]


def _draw_equation(rng: random.Random, length: int) -> Drawn:
    if length < 3:
        return [0] * length, [0]
    text, value = _expression(rng, length - 2, "+-")
    place = rng.randrange(length - 2)
    while not text[place].isdigit():
        place = (place + 1) % (length - 2)
    equation = f"{text[:place]}x{text[place + 1 :]}={value}"
    return [_WITHOUT_TIMES.index(each) for each in equation], [int(text[place])]


def _draw_actions(rng: random.Random, length: int) -> list[int]:
    bits = rng.randint(1, length - 1) if length > 1 else 1
    return _bits(rng, bits) + [rng.randrange(2, 5) for _ in range(length - bits)]


def _draw_doubled(rng: random.Random, length: int) -> list[int]:
    if length == 1:
        return [1]
    symbols = _bits(rng, length // 2) * 2
    symbols[rng.randrange(len(symbols))] = 2
    return symbols + [3] * (length % 2)


def _draw_numbers(rng: random.Random, length: int) -> list[int]:
    if length < 3:
        return _digits(rng.randint(0, 2**length - 2), length)
    first = rng.randint(1, length - 2)
    second = length - 1 - first
    drawn = (_digits(rng.randint(1, 2**width - 1), width) for width in (first, second))
    return [*next(drawn), 2, *next(drawn)]


DRAWS: dict[str, Callable[[random.Random, int], list[int]]] = {
    **dict.fromkeys(ANSWERS, _bits),
    "modular_arithmetic": _draw_simple,
    "cycle_navigation": lambda rng, length: _bits(rng, length, 3),
    "modular_arithmetic_brackets": lambda rng, length: _draw_brackets(rng, length)[0],
    "solve_equation": lambda rng, length: _draw_equation(rng, length)[0],
    "stack_manipulation": _draw_actions,
    "missing_duplicate_string": _draw_doubled,
    "binary_addition": _draw_numbers,
    "binary_multiplication": _draw_numbers,
    "compute_sqrt": lambda rng, length: _digits(rng.randint(1, 2**length - 1), length)[::-1],
    "bucket_sort": lambda rng, length: _bits(rng, length, 5),
}


def draw(name: str, rng: random.Random, length: int) -> Drawn:
    """Draw one sequence with its answers."""
    if name == "modular_arithmetic_brackets":
        return _draw_brackets(rng, length)
    if name == "solve_equation":
        return _draw_equation(rng, length)
    symbols = DRAWS[name](rng, length)
    return symbols, ANSWERS[name](symbols)
