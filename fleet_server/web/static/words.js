// Texts in the page's language; the server writes them into every page.
const texts = JSON.parse(document.getElementById("words").textContent);

export const language = document.documentElement.lang;
export const locale = language === "id" ? "id-ID" : "en-GB";

export function words(name, places = {}) {
  return texts[name].replace(/\{(\w+)\}/g, (_, place) => places[place]);
}
