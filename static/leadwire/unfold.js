/* On Unfold's pages the colour scheme is the cookie's too; Alpine would else keep its own. */
"use strict";
localStorage.setItem("adminTheme", JSON.stringify(document.cookie.match(/(?:^|; )theme=(light|dark)/)?.[1] ?? "auto"));
