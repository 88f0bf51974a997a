/**
 * Says it on the page where a browser is too old to check anything: one without BigInt (before 2018; Safari: 2020)
 * cannot even read the other scripts. So this one is written in the syntax of 2009, and does nothing else.
 */

var place = document.getElementById("too-old");
if (typeof BigInt === "undefined" && place) place.removeAttribute("hidden");
