"use strict";
(() => {
  const D = JSON.parse(document.getElementById("data").textContent);
  // The fields of a finding; page/data.py writes them in this order.
  const TARGET = 0, PATH = 1, LINE = 2, COLUMN = 3, END = 4, END_COLUMN = 5, RULE = 6, SEVERITY = 7, BLOCKING = 8,
    EFFORT = 9, LINK = 10, ARGS = 11, ABOUT = 12, SILENCED = 13, FIX = 14;
  const SEVERITIES = ["", "info", "warning", "error"], EFFORTS = ["minutes", "hours", "days"];
  const PAGE = 100, CHILDREN = 300;
  const find = (id) => document.getElementById(id);
  const all = (selector, where = document) => [...where.querySelectorAll(selector)];
  const state = { language: D.language, page: 0, sort: "severity", down: true, path: "", open: new Set(), folders: new Set([""]) };
  const messages = {}, stacks = {};
  let shown = [], spoken = D.language;

  function fill(template, args) {
    return template.replace(/\{\{|\}\}|\{(\w+)\}/g, (whole, key) =>
      key === undefined ? whole[0] : Object.hasOwn(args, key) ? args[key] : "?");
  }
  const word = (key, args = {}) => fill(D.words[state.language][key], args);
  const number = (value) => value.toLocaleString("en-US");

  function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) {
      if (key === "click") made.addEventListener("click", value);
      else if (value !== false) made.setAttribute(key, value === true ? "" : value);
    }
    made.append(...children.filter((child) => child !== null && child !== undefined));
    return made;
  }

  // A finding's message in the language of the page: what portkit.rules.texts.message gives.
  function message(index) {
    const language = state.language;
    const known = (messages[language] ??= new Array(D.findings.length));
    if (known[index] === undefined) {
      const finding = D.findings[index], args = { ...D.args[finding[ARGS]] };
      for (const [key, value] of Object.entries(args)) if (key.endsWith("_" + language)) args[key.slice(0, -language.length - 1)] = value;
      const texts = D.rules[finding[RULE]].messages[language];
      known[index] = fill(texts[args.case ?? ""] ?? texts[""], args);
    }
    return known[index];
  }
  const place = (finding) => D.paths[finding[PATH]] + (finding[LINE] ? `:${finding[LINE]}:${finding[COLUMN]}` : "");

  function stack(index) {
    const known = (stacks[state.language] ??= new Array(D.findings.length));
    if (known[index] === undefined) {
      const finding = D.findings[index];
      known[index] = `${place(finding)} ${D.rules[finding[RULE]].id} ${message(index)} ${D.about[finding[ABOUT]]?.join(" ") ?? ""}`.toLowerCase();
    }
    return known[index];
  }

  // --- which findings, in which order --------------------------------------------------------------------------------
  const pathRank = [];
  D.paths.map((path, index) => [path, index]).sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0)).forEach(([, index], rank) => (pathRank[index] = rank));
  const byPlace = (a, b) => pathRank[a[PATH]] - pathRank[b[PATH]] || a[LINE] - b[LINE] || a[COLUMN] - b[COLUMN] || a[RULE] - b[RULE] || a[TARGET] - b[TARGET];
  const keys = {
    severity: (index) => D.findings[index][SEVERITY] * 2 + D.findings[index][BLOCKING],
    rule: (index) => D.findings[index][RULE],
    place: () => 0,
    message: message,
    target: (index) => D.findings[index][TARGET],
    effort: (index) => D.findings[index][EFFORT],
  };
  // Why a finding does not count: a comment in the source silences it, or the gate leaves it out.
  const onlyNew = find("only-new"); // where the gate leaves out none there is no such box
  const isSuppressed = (finding) => finding[SILENCED] >= 0 && D.texts[finding[SILENCED]][0] === "was_suppressed";
  const isKnown = (finding) => finding[SILENCED] >= 0 && !isSuppressed(finding);
  const inside = (path, folder) => folder === "" || path === folder || path.startsWith(folder + "/");

  let order = [], orderedBy = "";
  function sorted() {
    const by = `${state.sort} ${state.down} ${state.sort === "message" ? state.language : ""}`;
    if (by !== orderedBy) {
      const way = state.down ? -1 : 1, placed = state.sort === "place" ? way : 1, values = D.findings.map((_, index) => keys[state.sort](index));
      order = values.map((_, index) => index).sort((a, b) =>
        values[a] < values[b] ? -way : values[a] > values[b] ? way : placed * byPlace(D.findings[a], D.findings[b]));
      orderedBy = by;
    }
    return order;
  }

  function select() {
    const words = find("q").value.toLowerCase().split(/\s+/).filter(Boolean);
    const target = find("by-target").value, severity = Number(find("by-severity").value), rule = find("by-rule").value;
    const blocking = find("only-blocking").checked, suppressed = find("with-suppressed").checked, fresh = onlyNew?.checked;
    const weights = new Map(), under = D.paths.map((path) => inside(path, state.path));
    shown = [];
    for (const index of sorted()) {
      const finding = D.findings[index];
      if (target !== "" && finding[TARGET] !== Number(target)) continue;
      if (finding[SEVERITY] < severity || (blocking && !finding[BLOCKING])) continue;
      if (rule !== "" && finding[RULE] !== Number(rule)) continue;
      if (isSuppressed(finding) ? !suppressed : fresh && isKnown(finding)) continue;
      if (words.length && !words.every((one) => stack(index).includes(one))) continue;
      const weight = weights.get(finding[PATH]) ?? { count: 0, grave: 0 };
      weight.count++;
      weight.grave += finding[BLOCKING] ? 10 : finding[SEVERITY] === 3 ? 6 : finding[SEVERITY] === 2 ? 2 : 0.2;
      weights.set(finding[PATH], weight);
      if (under[finding[PATH]]) shown.push(index);
    }
    return weights;
  }

  // --- the table -----------------------------------------------------------------------------------------------------
  function draw() {
    const pages = Math.max(1, Math.ceil(shown.length / PAGE));
    state.page = Math.min(Math.max(state.page, 0), pages - 1);
    const from = state.page * PAGE, rows = shown.slice(from, from + PAGE);
    find("rows").replaceChildren(...rows.flatMap((index) => (state.open.has(index) ? [row(index), detail(index)] : [row(index)])));
    if (!rows.length) find("rows").append(element("tr", {}, element("td", { colspan: 6, class: "empty" }, word("no_match"))));
    find("count").replaceChildren(word("count_of", { shown: number(shown.length), all: number(D.findings.length) }));
    if (state.path) {
      find("count").append(" · ", word("in_path", { path: state.path }), " ",
        element("button", { type: "button", click: () => pick("") }, word("drop_path")));
    }
    find("where").textContent = word("page_of", { from: number(rows.length ? from + 1 : 0), to: number(from + rows.length), all: number(shown.length) });
    find("first").disabled = find("prev").disabled = state.page === 0;
    find("next").disabled = find("last").disabled = state.page === pages - 1;
    find("pager").hidden = pages === 1;
    for (const head of all("[data-sort]", find("table"))) {
      if (head.dataset.sort === state.sort) head.setAttribute("aria-sort", state.down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
  }

  function row(index) {
    const finding = D.findings[index], severity = SEVERITIES[finding[SEVERITY]], open = state.open.has(index);
    const rule = D.rules[finding[RULE]];
    return element("tr", { id: finding[LINK], "data-index": index, class: open ? "is-open" : false },
      element("td", {}, element("span", { class: `sev s-${severity}` }, word("sev_" + severity)),
        finding[BLOCKING] ? " " : null, finding[BLOCKING] ? element("span", { class: "block" }, word("blocks_word")) : null),
      element("td", {}, element("a", { href: "#rule-" + rule.id, title: rule.titles[state.language] }, rule.id)),
      element("td", { class: "path" }, place(finding)),
      element("td", {}, element("button", { type: "button", class: "opener", "aria-expanded": String(open), click: () => toggle(index) }, message(index)),
        finding[SILENCED] >= 0 ? element("span", { class: "small" }, " " + silenced(finding)) : null),
      element("td", {}, D.targets[finding[TARGET]].spec),
      element("td", {}, word("effort_" + EFFORTS[finding[EFFORT]])));
  }

  function silenced(finding) {
    const [key, reason] = D.texts[finding[SILENCED]];
    return word(key, { reason });
  }

  function toggle(index, focus = true) {
    if (!state.open.delete(index)) {
      state.open.add(index);
      try { history.replaceState(null, "", "#" + D.findings[index][LINK]); } catch { /* some viewers forbid it */ }
    }
    draw();
    if (focus) all(`tr[data-index="${index}"] .opener`)[0]?.focus();
  }

  function detail(index) {
    const finding = D.findings[index], rule = D.rules[finding[RULE]], about = D.about[finding[ABOUT]];
    const box = element("div", { class: "detail" });
    if (finding[LINE]) box.append(source(finding));
    if (about) {
      const [name, decision, reason, replacement, exists, pairs] = about;
      const line = element("p", {}, word("decision_line", { name, decision: word(decision), reason }));
      if (replacement) line.append(" · ", word("becomes", { replacement }));
      if (exists) line.append(" · ", word("evidence_line", { exists: `${exists} (${word("exists_" + exists)})`, pairs: `${pairs} (${word("pairs_" + pairs)})` }));
      box.append(line);
    }
    if (finding[FIX]) {
      box.append(element("h4", {}, word(finding[FIX][0] ? "fix_safe" : "fix_unsafe")), element("pre", { tabindex: 0 },
        ...finding[FIX][1].flatMap(([before, after]) => [
          before ? element("del", {}, mark(before, "-")) : null, after ? element("ins", {}, mark(after, "+")) : null])));
    }
    const advice = all(`#rule-${rule.id} [data-language="${state.language}"] [data-part="do"]`)[0];
    if (advice) box.append(element("h4", {}, word("what_to_do")), ...[...advice.cloneNode(true).childNodes]);
    box.append(element("p", { class: "small" }, element("a", { href: "#rule-" + rule.id }, word("full_text")), " · ",
      element("a", { href: "#" + finding[LINK] }, word("link")), " · ", word("suppress", { comment: `// portkit: ignore[${rule.id}]` })));
    return element("tr", { class: "more" }, element("td", { colspan: 6 }, box));
  }
  const mark = (text, sign) => text.split("\n").map((line) => `${sign} ${line}\n`).join("");

  function source(finding) {
    const runs = D.source[finding[PATH]];
    if (!runs) return element("p", { class: "small" }, word("no_source"));
    const code = element("pre", { class: "source", tabindex: 0 });
    for (let line = finding[LINE] - 2; line <= Math.min(finding[END], finding[LINE] + 20) + 2; line++) {
      const run = runs.find(([first, texts]) => first <= line && line < first + texts.length);
      if (!run) continue;
      const points = Array.from(run[1][line - run[0]]);
      const from = line < finding[LINE] || line > finding[END] ? points.length : line === finding[LINE] ? finding[COLUMN] - 1 : 0;
      const to = line === finding[END] ? finding[END_COLUMN] - 1 : points.length;
      const marked = points.slice(from, to).join("");
      code.append(element("span", { class: "ln", "aria-hidden": "true" }, String(line).padStart(6) + "  "), points.slice(0, from).join(""),
        marked ? element("mark", {}, marked) : "", points.slice(Math.max(from, to)).join(""), "\n");
    }
    return code;
  }

  // --- the tree of files ---------------------------------------------------------------------------------------------
  function tree(weights) {
    const root = { name: "", path: "", count: 0, grave: 0, folders: new Map(), files: [] };
    for (const [index, weight] of weights) {
      const parts = D.paths[index].split("/");
      let node = root;
      node.count += weight.count; node.grave += weight.grave;
      for (const part of parts.slice(0, -1)) {
        const path = node.path ? node.path + "/" + part : part;
        if (!node.folders.has(part)) node.folders.set(part, { name: part, path, count: 0, grave: 0, folders: new Map(), files: [] });
        node = node.folders.get(part);
        node.count += weight.count; node.grave += weight.grave;
      }
      node.files.push({ name: parts.at(-1), path: D.paths[index], ...weight });
    }
    let most = 0;
    for (const weight of weights.values()) most = Math.max(most, weight.grave);
    const focused = document.activeElement?.dataset?.key;
    find("tree").replaceChildren(branch(root, most || 1));
    if (focused) all("[data-key]", find("tree")).find((one) => one.dataset.key === focused)?.focus();
  }

  function heat(node, most) {
    const level = node.grave ? Math.max(1, Math.ceil(5 * Math.sqrt(Math.min(1, node.grave / most)))) : 0;
    return element("span", { class: `heat h${level}` }, number(node.count));
  }

  function branch(node, most) {
    const list = element("ul"), order = (a, b) => b.grave - a.grave || (a.name < b.name ? -1 : 1);
    const items = [...[...node.folders.values()].sort(order), ...node.files.sort(order)];
    for (let item of items.slice(0, CHILDREN)) {
      let name = item.name;
      while (item.folders?.size === 1 && !item.files.length) { // a chain of folders is one line
        item = [...item.folders.values()][0];
        name += "/" + item.name;
      }
      const line = element("li"), open = state.folders.has(item.path);
      if (item.folders) {
        line.append(element("button", { type: "button", class: "fold", "aria-expanded": String(open), "aria-label": name, "data-key": "fold " + item.path,
          click: () => { if (!state.folders.delete(item.path)) state.folders.add(item.path); update(false); } }, open ? "▾" : "▸"));
      }
      line.append(element("button", { type: "button", class: item.folders ? "name folder" : "name", "data-key": "pick " + item.path,
        "aria-pressed": String(state.path === item.path), click: () => pick(item.path) }, name), " ", heat(item, most));
      if (item.folders && open) line.append(branch(item, most));
      list.append(line);
    }
    if (items.length > CHILDREN) list.append(element("li", { class: "small" }, word("more", { count: number(items.length - CHILDREN) })));
    return list;
  }

  function pick(path) {
    state.path = path;
    update();
  }

  // --- everything together -------------------------------------------------------------------------------------------
  function update(back = true) {
    if (back) state.page = 0;
    tree(select());
    draw();
  }
  let waiting = 0;
  function soon() {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() => update());
  }

  function options(id, listed) {
    const box = find(id), value = box.value;
    box.replaceChildren(...listed.map(([key, text]) => element("option", { value: key }, text)));
    if (listed.some(([key]) => String(key) === value)) box.value = value;
  }

  function speak(language) {
    state.language = language;
    const words = D.words[language], titles = new Map(D.rules.map((rule) => [rule.id, rule.titles[language]]));
    document.documentElement.lang = language === "zh" ? "zh-CN" : language;
    document.title = words.page_title;
    if (spoken !== language) { // the page comes in its first language
      for (const one of all("[data-t]")) one.textContent = word(one.dataset.t, one.dataset.a ? JSON.parse(one.dataset.a) : {});
      for (const one of all("[data-l]")) one.setAttribute("aria-label", words[one.dataset.l]);
      for (const one of all("[data-n]")) one.textContent = D.targets.find((target) => target.id === one.dataset.n).names[language];
      for (const one of all("[data-rule]")) one.textContent = titles.get(one.dataset.rule);
      for (const one of all("[data-language]")) one.hidden = one.dataset.language !== language;
    }
    spoken = language;
    for (const one of all("[data-lang]")) one.setAttribute("aria-pressed", String(one.dataset.lang === language));
    options("by-target", [["", words.all], ...D.targets.map((target, index) => [index, target.names[language] + " " + target.spec])]);
    options("by-severity", [[0, words.all], [2, words.any_warning], [3, words.any_error]]);
    options("by-rule", [["", words.all], ...D.rules.map((rule, index) => [index, `${rule.id} ${titles.get(rule.id)}`])]);
    find("theme").textContent = words["theme_" + theme];
    update(false);
  }

  let theme = "auto";
  function nextTheme() {
    theme = { auto: "dark", dark: "light", light: "auto" }[theme];
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    find("theme").textContent = word("theme_" + theme);
  }

  // A fragment leads to a finding (whatever the filters), or opens what its element stands in.
  function follow() {
    const wanted = decodeURIComponent(location.hash.slice(1)), index = D.findings.findIndex((finding) => finding[LINK] === wanted);
    if (index >= 0) {
      if (!shown.includes(index)) {
        find("filters").reset();
        find("with-suppressed").checked = isSuppressed(D.findings[index]);
        if (onlyNew) onlyNew.checked = !isKnown(D.findings[index]);
        state.path = "";
        cancelAnimationFrame(waiting); // what the reset asked for
        update();
      }
      state.page = Math.floor(shown.indexOf(index) / PAGE);
      state.open.add(index);
      draw();
      const line = find(wanted);
      line.scrollIntoView({ block: "center" });
      all(".opener", line)[0].focus({ preventScroll: true });
      return;
    }
    const there = wanted && find(wanted);
    for (let one = there; one; one = one.parentElement) if (one.tagName === "DETAILS") one.open = true;
    if (there) there.scrollIntoView();
  }

  for (const head of all("[data-sort]", find("table"))) {
    const text = head.firstElementChild;
    head.replaceChildren(element("button", { type: "button", click: () => {
      state.down = state.sort === head.dataset.sort ? !state.down : head.dataset.sort === "severity" || head.dataset.sort === "effort";
      state.sort = head.dataset.sort;
      update();
    } }, text));
  }
  const caption = all("caption [data-t]", find("table"))[0];
  caption.dataset.t = "full_caption";
  caption.textContent = word("full_caption");
  delete caption.dataset.a;
  find("q").addEventListener("input", soon);
  for (const id of ["by-target", "by-severity", "by-rule", "only-blocking", "only-new", "with-suppressed"]) find(id)?.addEventListener("change", soon);
  find("filters").addEventListener("submit", (event) => event.preventDefault());
  find("filters").addEventListener("reset", () => { state.path = ""; soon(); });
  const steps = { first: () => 0, prev: () => state.page - 1, next: () => state.page + 1, last: () => Infinity };
  for (const [id, step] of Object.entries(steps)) find(id).addEventListener("click", () => { state.page = step(); draw(); find("findings").scrollIntoView(); });
  for (const one of all("[data-lang]")) one.addEventListener("click", () => speak(one.dataset.lang));
  find("theme").addEventListener("click", nextTheme);
  addEventListener("hashchange", follow);
  function prepare(index) { // what a search looks through, while nobody waits for it
    const end = performance.now() + 8;
    while (index < D.findings.length && performance.now() < end) stack(index++);
    if (index < D.findings.length) setTimeout(prepare, 20, index);
  }
  let opened = [];
  addEventListener("beforeprint", () => { opened = all(".target details:not([open])"); for (const one of opened) one.open = true; });
  addEventListener("afterprint", () => { for (const one of opened) one.open = false; });
  for (const id of ["tools", "filters", "tree-box"]) find(id).hidden = false;
  speak(state.language);
  setTimeout(prepare, 200, 0);
  if (location.hash) addEventListener("load", () => setTimeout(follow)); // after the browser's own jump, which drops the focus
})();
