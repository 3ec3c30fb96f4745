// What the review page does in a browser: filter, search, move by keys, enlarge a page.
// Without it, the page still shows every letter.
"use strict";
(() => {
  const find = (id) => document.getElementById(id);
  const letters = [...document.querySelectorAll("article")];
  const [tools, search, state, note, fresh, count, chosen, none, keys] =
    ["tools", "search", "state", "note", "fresh", "count", "chosen", "none", "keys"].map(find);
  const [viewer, picture, caption, larger] = ["viewer", "picture", "caption", "larger"].map(find);
  const contents = document.querySelectorAll(".contents li");
  const common = document.querySelectorAll(".common dl > div");
  const words = new Map();
  let pages = [];
  let at = 0;

  // Words in small letters without accents, each behind a space: `dona` finds Doña Ana.
  const plain = (text) => " " + text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ").trim();

  // Numbers in groups, also without what is between these: `7008 1300` as `70081300`.
  const numbers = (text) =>
    (text.match(/\d+(?:[ -]\d+)+|\(\d{3}\) \d{3}-\d{4}/g) || []).map((it) => it.replace(/\D/g, ""));

  const wordsOf = (letter) => {
    const text = letter.textContent;
    const all = [text, letter.dataset.replies, ...numbers(text)];
    if (!words.has(letter)) words.set(letter, plain(all.join(" ")));
    return words.get(letter);
  };

  // What is chosen, in words, for a page on paper.
  const choice = () => {
    const named = (field) => field.selectedOptions[0].textContent.replace(/ \(\d[\d,]*\)$/, "");
    const text = search.value.trim();
    return [
      text && `with the word${/\s/.test(text) ? "s" : ""} \u201c${text}\u201d`,
      state.value && `that are \u201c${named(state)}\u201d`,
      note.value && `with the note \u201c${named(note)}\u201d`,
      fresh && fresh.checked && "with news",
    ].filter(Boolean).join(", and ");
  };

  const filter = () => {
    // Each part between spaces counts as a whole, such as 2026-10-01.
    const wanted = search.value.split(/\s+/).map(plain).filter((part) => part.trim());
    let shown = 0;
    for (const letter of letters) {
      const has = (name, value) => !value || letter.dataset[name].split(" ").includes(value);
      const fits = has("states", state.value) && has("notes", note.value)
        && !(fresh && fresh.checked && !("fresh" in letter.dataset))
        && wanted.every((part) => wordsOf(letter).includes(part));
      letter.hidden = !fits;
      shown += fits;
    }
    // On paper: the list of the letters, and the notes on several of them.
    const said = new Set();
    letters.forEach((letter, number) => {
      contents[number].hidden = letter.hidden;
      if (letter.hidden) return;
      for (const text of letter.querySelectorAll(".often p")) said.add(text.textContent);
    });
    for (const item of common) item.hidden = !said.has(item.querySelector("dd").textContent);
    for (const list of document.querySelectorAll(".common")) list.hidden = !said.size;
    count.textContent = shown === letters.length
      ? `All ${shown} letters are shown.`
      : `${shown} of ${letters.length} letters are shown.`;
    if (wanted.length) count.textContent += " Search looks at everything here: address, note, letter.";
    const those = choice();
    chosen.textContent = those && `${shown} of ${letters.length} letters: those ${those}.`;
    none.hidden = shown > 0 || !letters.length;
    none.firstElementChild.textContent =
      wanted.length ? "No letter has these words." : "No letter fits what you chose.";
  };

  const move = (step) => {
    const shown = letters.filter((letter) => !letter.hidden);
    const edge = (getComputedStyle(tools).position === "sticky" ? tools.offsetHeight : 0) + 24;
    const places = shown.map((letter) => letter.getBoundingClientRect());
    let here = shown.indexOf(document.activeElement.closest("article"));
    if (here < 0 || places[here].bottom < 0 || places[here].top > innerHeight) {
      here = places.findLastIndex((place) => place.top <= edge);
      if (here < 0 && step < 0) return;
    }
    const next = shown[Math.min(Math.max(here + step, 0), shown.length - 1)];
    if (!next) return;
    next.focus({ preventScroll: true });
    next.scrollIntoView();
  };

  const draw = () => {
    const small = pages[at].querySelector("img");
    picture.src = small.src;
    picture.alt = small.alt;
    caption.textContent = `${viewer.dataset.name}: page ${at + 1} of ${pages.length}`;
    find("before").disabled = at === 0;
    find("after").disabled = at === pages.length - 1;
    viewer.scrollTop = 0;
  };

  const scale = () => {
    const isLarge = viewer.classList.toggle("large");
    larger.textContent = isLarge ? "Fit" : "Larger";
  };

  const turn = (step) => {
    at = Math.min(Math.max(at + step, 0), pages.length - 1);
    draw();
  };

  const enlarge = (page) => {
    if (!page) return;
    const letter = page.closest("article");
    viewer.dataset.name = letter.querySelector("h2").textContent.trim().replace(/\s+/g, " ");
    pages = [...letter.querySelectorAll(".page")];
    at = pages.indexOf(page);
    draw();
    viewer.showModal();
  };

  const choose = () => {
    filter();
    const list = document.querySelector("main");
    if (list.getBoundingClientRect().top < 0) list.scrollIntoView();
  };

  const leave = (field) => {
    field.blur();
    const first = letters.find((letter) => !letter.hidden);
    if (first) first.focus({ preventScroll: true });
    if (first) first.scrollIntoView();
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target;
    if (viewer.open) {
      if (event.key === "ArrowRight" || event.key === "j") turn(1);
      else if (event.key === "ArrowLeft" || event.key === "k") turn(-1);
      else return;
    } else if (target === search) {
      if (event.key !== "Enter" && event.key !== "Escape") return;
      leave(search);
    } else if (target.matches("input, select, textarea") || !keys.checked) {
      return;
    } else if (event.key === "j" || event.key === "ArrowRight") move(1);
    else if (event.key === "k" || event.key === "ArrowLeft") move(-1);
    else if (event.key === "/") search.focus();
    else if (event.key === "Enter" && target.matches("article")) {
      enlarge(target.querySelector(".page"));
    } else return;
    event.preventDefault();
  });

  document.addEventListener("click", (event) => enlarge(event.target.closest(".page")));
  for (const [id, step] of [["before", -1], ["after", 1]]) {
    find(id).addEventListener("click", () => turn(step));
  }
  for (const item of [larger, picture]) item.addEventListener("click", scale);
  find("close").addEventListener("click", () => viewer.close());
  search.addEventListener("input", choose);
  for (const field of [state, note, fresh]) if (field) field.addEventListener("change", choose);
  for (const id of ["all", "none-all"]) {
    find(id).addEventListener("click", () => {
      search.value = state.value = note.value = "";
      if (fresh) fresh.checked = false;
      choose();
    });
  }

  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("article:not([hidden]) .notes details:not(.often, [open])")];
    for (const details of folded) details.open = true;
  });
  addEventListener("afterprint", () => { for (const details of folded) details.open = false; });

  for (const page of document.querySelectorAll(".page")) page.disabled = false;
  tools.hidden = find("help").hidden = find("enlarge").hidden = false;
  filter();
})();
