/* Prints what the scripts of the page give for each case of cases.json, by section, in the order of the cases. */

import { readFileSync } from "node:fs";

import { around, breaks, hex, sizeWords, surroundings, toPfn, toPosition } from "../../static/axis.js";
import { labels } from "../../static/ticks.js";
import { labelForms } from "../../static/traces.js";

/* Positions of the live axis to scale are page frames, where the server has 0..1. */
const knotsOf = ({ axis, pfn, at }) => ({ pfn, at: axis === "scale" ? pfn : at });

const SECTIONS = {
  "page frames in addresses": hex,
  "size in words": sizeWords,
  "position of a page frame": ({ knots, pfn }) => toPosition(knots, pfn),
  "page frame at a position": ({ knots, at }) => toPfn(knots, at),
  "label of a bar": labelForms,
  "page frames to show": ({ axis, frames }) => {
    const knots = knotsOf(axis);
    return around(knots, axis.axis, surroundings(knots, axis.axis, frames), 1.2).map((at) => toPfn(knots, at));
  },
  "broken parts of an axis": ({ axis, scale, window }) => {
    const knots = knotsOf(axis);
    return breaks({ axis: axis.axis, knots, scale }, window.map((pfn) => toPosition(knots, pfn)));
  },
  "labels of an axis": ({ axis, window, boundaries, page_size: pageSize }) => {
    const knots = knotsOf(axis);
    const view = window.map((pfn) => toPosition(knots, pfn));
    return labels({ knots, ticks: boundaries, pageSize }, view)
      .sort((a, b) => a.at - b.at)
      .map(({ text, anchor, share, width }) => [text, anchor, share, width]);
  },
};

const cases = JSON.parse(readFileSync(new URL("cases.json", import.meta.url), "utf8"));
const answers = Object.entries(cases).map(([name, rows]) => [name, rows.map(({ given }) => SECTIONS[name](given))]);
process.stdout.write(JSON.stringify(Object.fromEntries(answers)));
