// Passkeys: asks the browser for one, and sends what it answers as a form. Passwords need no script.
"use strict";
(() => {
  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) return;
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      const answer = form.elements.namedItem("answer");
      if (answer.value) return; // the browser has answered: the form goes as it is
      event.preventDefault();
      const said = form.querySelector("[role=alert]");
      said.hidden = true;
      try {
        const options = await (await fetch(form.dataset.ask)).json();
        const at = form.elements.namedItem("at"); // an approval says when it was asked for
        if (at) at.value = options.at;
        const made =
          form.dataset.passkey === "make"
            ? await navigator.credentials.create({
                publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options),
              })
            : await navigator.credentials.get({
                publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options),
              });
        answer.value = JSON.stringify(made.toJSON());
        form.requestSubmit();
      } catch {
        answer.value = "";
        said.hidden = false;
      }
    });
  }
})();
