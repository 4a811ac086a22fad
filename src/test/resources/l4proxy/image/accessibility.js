// What a page owes to those who do not see or use it as its author does, by the success criteria of
// WCAG 2.2, A and AA. An expression: the list of complaints, empty when there are none.
(() => {
  const complaints = [];

  const path = (node) => {
    const id = node.id ? "#" + node.id : "";
    const text = node.textContent.trim().slice(0, 30);
    return node.tagName.toLowerCase() + id + (text ? " '" + text + "'" : "");
  };
  const complain = (criterion, what, node) => complaints.push(criterion + " " + what + ": " + path(node));
  const all = (selector) => [...document.querySelectorAll(selector)];
  const shown = (node) => node.checkVisibility({ visibilityProperty: true }) && !node.closest("[aria-hidden=true]");
  const modal = all("dialog").find((dialog) => dialog.open);
  const reachable = (node) => shown(node) && (!modal || modal.contains(node));
  const CONTROLS = "a[href], button, input, select, textarea, [tabindex='0']";

  // ---- the document

  if (!document.documentElement.lang) complaints.push("3.1.1 no language");
  if (!document.title.trim()) complaints.push("2.4.2 no title");
  if (all("main").length !== 1) complaints.push("1.3.1 not one main part");
  if (all("h1").filter(shown).length !== 1) complaints.push("1.3.1 not one first heading");
  if (/user-scalable=no|maximum-scale/.test(document.querySelector("meta[name=viewport]").content)) {
    complaints.push("1.4.4 text cannot be enlarged");
  }

  let level = 0;
  for (const heading of all("h1, h2, h3, h4, h5, h6").filter(reachable)) {
    const own = Number(heading.tagName[1]);
    if (own > level + 1 && level > 0) complain("1.3.1", "a level is left out before the heading", heading);
    if (!heading.textContent.trim()) complain("2.4.6", "an empty heading", heading);
    level = own;
  }

  // ---- names and references

  const ids = all("[id]").map((node) => node.id);
  for (const node of all("[id]")) {
    if (ids.indexOf(node.id) !== ids.lastIndexOf(node.id)) complain("1.3.1", "an id used twice", node);
  }
  for (const attribute of ["for", "aria-labelledby", "aria-describedby", "aria-controls"]) {
    for (const node of all("[" + attribute + "]")) {
      for (const id of node.getAttribute(attribute).split(/\s+/)) {
        if (!document.getElementById(id)) complain("1.3.1", attribute + " names nothing, " + id, node);
      }
    }
  }
  for (const node of all("input:not([type=hidden]), select, textarea")) {
    if (!node.labels.length && !node.ariaLabel) complain("3.3.2", "a field without a label", node);
  }
  const plain = (text) => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim();
  for (const node of all("button[aria-label], a[aria-label]").filter(shown)) {
    if (!plain(node.ariaLabel).includes(plain(node.innerText))) complain("2.5.3", "it is called otherwise than it reads", node);
  }
  for (const node of all("img, svg:not([role=img]):not([aria-hidden])")) {
    if (!node.hasAttribute("alt")) complain("1.1.1", "a picture without a text", node);
  }
  for (const node of all("th")) if (!node.scope) complain("1.3.1", "a head of a table without a scope", node);

  // ---- keyboard and pointer

  for (const node of all("[tabindex]")) if (node.tabIndex > 0) complain("2.4.3", "an order of its own", node);
  for (const node of all("[aria-hidden=true]")) {
    if (node.matches(CONTROLS) || node.querySelector(CONTROLS)) complain("4.1.2", "it is hidden and can have the focus", node);
  }
  for (const node of all("button, a[href]")) {
    if (node.querySelector(CONTROLS)) complain("4.1.2", "a control inside a control", node);
  }
  for (const node of all("button, input, select, a[href]:not(.skip)").filter(reachable)) {
    const { width, height } = (node.closest("label") || node).getBoundingClientRect();
    if (width < 24 || height < 24) complain("2.5.8", "smaller than 24 px, " + Math.round(width) + " by " + Math.round(height), node);
  }

  // ---- contrast

  const colour = (text) => {
    const [red, green, blue, alpha = 1] = text.match(/[\d.]+/g).map(Number);
    return { parts: [red, green, blue], alpha };
  };
  const over = (top, below) => top.parts.map((part, i) => part * top.alpha + below[i] * (1 - top.alpha));
  const behind = (node) => {
    if (!node) return [255, 255, 255];
    const own = colour(getComputedStyle(node).backgroundColor);
    return own.alpha === 1 ? own.parts : over(own, behind(node.parentElement));
  };
  const opacity = (node) => (node ? Number(getComputedStyle(node).opacity) * opacity(node.parentElement) : 1);
  const luminance = (parts) => {
    const [red, green, blue] = parts.map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const contrast = (one, other) => {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  const disabled = (node) => node.closest(":disabled, [aria-disabled=true]");
  const readable = (node, pseudo) => {
    const style = getComputedStyle(node, pseudo);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const back = behind(node);
    const own = colour(style.color);
    const least = large ? 3 : 4.5;
    const found = contrast(over({ parts: own.parts, alpha: own.alpha * opacity(node) }, back), back);
    if (found < least) complain("1.4.3", "contrast of " + found.toFixed(2) + (pseudo || ""), node);
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const seen = new Set();
  while (texts.nextNode()) {
    const holder = texts.currentNode.parentElement;
    if (texts.currentNode.data.trim() && reachable(holder) && !disabled(holder) && !seen.has(holder)) {
      seen.add(holder);
      readable(holder);
    }
  }
  for (const node of all("body *").filter(reachable)) {
    for (const pseudo of ["::before", "::after"]) {
      if (!["none", "normal", '""'].includes(getComputedStyle(node, pseudo).content)) readable(node, pseudo);
    }
  }
  for (const node of all("input:not([type=checkbox])").filter(reachable)) {
    if (node.placeholder) readable(node, "::placeholder");
    const line = colour(getComputedStyle(node).borderTopColor);
    if (contrast(line.parts, behind(node.parentElement)) < 3) complain("1.4.11", "its border cannot be seen", node);
  }

  // ---- nothing is wider than the window

  if (document.documentElement.scrollWidth > innerWidth) complaints.push("1.4.10 the page has to be moved to the side");

  return complaints;
})()
