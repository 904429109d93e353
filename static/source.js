/* Where figures come from: a page asks its server, an exported file has them in itself. */

import { hex } from "./axis.js";

/**
 * @import { Range } from "./axis.js"
 * @import { Plotly } from "./bars.js"
 * @import { AxisName, Figure } from "./figure.js"
 * @import { View } from "./address.js"
 *
 * @typedef {object} Place what the find box leads to
 * @property {number} start_pfn
 * @property {number} end_pfn
 * @property {Range} near page frames to look at
 * @property {string} label
 * @property {string} what
 * @property {number[]} lines
 *
 * @typedef {object} Source
 * @property {() => Promise<Plotly>} plotly the plotting library
 * @property {(view: View) => Promise<Figure>} figure bars, as fine as a screen shows where the view is
 * @property {((words: string) => Promise<Place>) | null} find null without a server, which also means: no address to
 *     write, and no finer bars
 */

const plotlyOfPage = () => /** @type {{Plotly?: Plotly}} */ (window).Plotly;

/**
 * @param {string} url of the plotting library
 * @returns {Promise<Plotly>}
 */
function load(url) {
  return new Promise((resolve, reject) => {
    const failed = () => reject(new Error(`cannot load ${url}`));
    const script = document.createElement("script");
    script.src = url;
    script.onload = () => {
      const plotly = plotlyOfPage();
      if (plotly) resolve(plotly);
      else failed();
    };
    script.onerror = failed;
    document.head.append(script);
  });
}

/**
 * The server of a page: `data-path` is that of the layout, `data-query` the page's own question.
 *
 * @param {HTMLElement} stage
 * @returns {Source}
 */
function server({ dataset: { path, query, plotly = "" } }) {
  /** @param {string} name @param {Record<string, string | null>} parameters */
  const get = async (name, parameters) => {
    const search = new URLSearchParams(query);
    for (const [key, value] of Object.entries(parameters)) if (value !== null) search.set(key, value);
    const answer = await fetch(`${path}/${name}.json?${search}`);
    const body = await answer.json();
    if (!answer.ok) throw new Error(body.detail ?? `no ${name}: ${answer.status}`);
    return body;
  };
  return {
    plotly: () => load(plotly),
    figure: ({ axis, from, to, lanes }) =>
      get("figure", {
        axis,
        from: from === null ? null : hex(Math.floor(from)),
        to: to === null ? null : hex(Math.floor(to + 1)),
        lanes,
      }),
    find: (words) => get("find", { find: words }),
  };
}

/**
 * The figures inside an exported file, one for each axis.
 *
 * @param {string} json
 * @returns {Source}
 */
function embedded(json) {
  /** @type {Record<AxisName, Figure>} */
  const figures = JSON.parse(json);
  return {
    plotly: async () => {
      const plotly = plotlyOfPage();
      if (!plotly) throw new Error("the plotting library is not in this file");
      return plotly;
    },
    figure: async ({ axis }) => figures[axis],
    find: null,
  };
}

/**
 * Where the figures of this page come from.
 *
 * @param {HTMLElement} stage the element around the bars
 */
export function sourceOf(stage) {
  const figures = document.getElementById("figures");
  return figures ? embedded(figures.textContent ?? "") : server(stage);
}
