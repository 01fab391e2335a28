"use strict";
// Draws every phone anew from each snapshot. Text is set as text: an alert may say anything.
const phones = document.getElementById("phones");
const link = document.getElementById("link");
const seen = new Set();

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

function messageCard(message) {
  const isNew = !seen.has(message.id);
  seen.add(message.id);
  const card = element("article", isNew ? "message new" : "message");
  const titles = message.alerts.map((alert) => alert.title).join(" · ");
  card.append(element("p", "", titles || message.title || "Test message"), element("p", "reason", message.text || message.reason));
  card.append(element("time", "", new Date(message.received_at * 1000).toLocaleTimeString()));
  if (/^https?:\/\//.test(message.acknowledge_url || "")) {
    const acknowledge = element("a", "", "Acknowledge");
    acknowledge.href = message.acknowledge_url;
    acknowledge.target = "_blank";
    acknowledge.rel = "noopener";
    card.append(acknowledge);
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
