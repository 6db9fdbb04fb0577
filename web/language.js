// The browser's language decides, once; the page's links stand for whoever wants the other.
const first = navigator.languages.find((language) => /^(sv|en)\b/.test(language));
location.replace(first?.startsWith("sv") ? "/sv/" : "/en/");
