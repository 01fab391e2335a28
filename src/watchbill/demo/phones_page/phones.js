"use strict";
// Draws every phone anew from each snapshot. Text is set as text: an alert may say anything.
const phones = document.getElementById("phones");
const link = document.getElementById("link");
const seen = new Set();
const clock = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZoneName: "short",
});

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

// Only web addresses become links: anything else could be a script.
function linkTo(address, className, text) {
  if (!/^https?:\/\//.test(address || "")) return "";
  const made = element("a", className, text);
  made.href = address;
  made.target = "_blank";
  made.rel = "noopener";
  return made;
}

function messageCard(message) {
  const isNew = !seen.has(message.id);
  seen.add(message.id);
  const card = element("article", message.answered ? "message answered" : isNew ? "message new" : "message");
  const titles = message.alerts.map((alert) => alert.title).join(" · ");
  card.append(element("p", "", titles || message.title || "Test message"), element("p", "reason", message.text || message.reason));
  card.append(element("time", "", clock.format(new Date(message.received_at * 1000))));
  if (message.answered) {
    card.append(element("p", "status", message.answered));
    card.append(linkTo(message.url, "open", "Open in Watchbill"));
  } else {
    card.append(linkTo(message.acknowledge_url, "acknowledge", "Acknowledge"));
  }
  return card;
}

const events = new EventSource("/events");
events.onopen = () => { link.textContent = "Live. Each ringing message has an Acknowledge link, as in a text message."; };
events.onerror = () => { link.textContent = "The demo has ended, or is starting again …"; };
events.onmessage = (event) => {
  phones.replaceChildren(...JSON.parse(event.data).map((phone) => {
    const box = element("section", phone.messages.length ? "phone" : "phone quiet");
    box.append(element("h2", "", phone.label), ...phone.messages.toReversed().map(messageCard));
    return box;
  }));
};
