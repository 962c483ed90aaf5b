// Filters and sorts what stands in the page. Without it, all findings are shown, worst first.
"use strict";
const form = document.getElementById("filter");
const findings = [...document.querySelectorAll("article[data-check]")];
const homes = new Map(findings.map((f) => [f, f.parentElement]));
const sections = [...document.querySelectorAll("section.group")];
const sorted = document.getElementById("sorted");
const shown = document.getElementById("shown");

function matches(finding) {
  const words = form.elements.words.value.toLowerCase().split(/\s+/).filter(Boolean);
  const text = finding.textContent.toLowerCase();
  return ["kind", "owner", "check"].every((field) => {
    const wanted = form.elements[field].value;
    return wanted === "" || finding.dataset[field] === wanted;
  }) && words.every((word) => text.includes(word));
}

function update() {
  const key = form.elements.order.value;
  const visible = findings.filter((finding) => {
    finding.hidden = !matches(finding);
    return !finding.hidden;
  });
  sorted.hidden = key === "kind";
  const order = key === "kind" ? findings : [...findings].sort((a, b) =>
    a.dataset[key].localeCompare(b.dataset[key], document.documentElement.lang, { numeric: true }));
  for (const finding of order) {
    (key === "kind" ? homes.get(finding) : sorted).append(finding);
  }
  for (const section of sections) {
    section.hidden = !section.querySelector("article:not([hidden])");
  }
  shown.textContent = `${visible.length} / ${findings.length}`;
}

function sortTable(button) {
  const head = button.closest("th");
  const table = head.closest("table");
  const column = [...head.parentElement.children].indexOf(head);
  const down = head.getAttribute("aria-sort") === "ascending";
  for (const other of head.parentElement.children) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  const rows = [...table.tBodies[0].rows].sort((a, b) =>
    a.cells[column].textContent.localeCompare(b.cells[column].textContent,
      document.documentElement.lang, { numeric: true }));
  table.tBodies[0].append(...(down ? rows.reverse() : rows));
}

if (form) {
  form.hidden = false;
  form.addEventListener("input", update);
  form.addEventListener("reset", () => setTimeout(update));
  form.addEventListener("submit", (event) => event.preventDefault());
  update();
}
for (const head of document.querySelectorAll("table.sortable th")) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...head.childNodes);
  button.addEventListener("click", () => sortTable(button));
  head.append(button);
}
