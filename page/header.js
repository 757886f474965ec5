// Screen readers and hyphenation need to know the language, which the browser or the visitor chose.
const tell = () => {
  document.documentElement.lang = element.querySelector('header').lang;
  document.title = element.querySelector('h1').innerText;
};
new MutationObserver(tell).observe(element, {childList: true, subtree: true});
tell();

element.addEventListener('change', ({target}) => {
  const address = new URL(location);
  address.searchParams.set('language', target.value);
  location.assign(address);
});

// The address names the tab, so that a link, a reload and Back lead to it.
const button = (tab) => document.querySelector(`#tab-${tab}-button`);
const named = () => new URLSearchParams(location.search).get('tab') ?? 'judge';
let following = false;
function follow() {
  const tab = button(named());
  if (!tab || tab.getAttribute('aria-selected') === 'true') return;
  following = true;
  tab.click();
  following = false;
}
addEventListener('popstate', follow);
document.addEventListener('click', ({target}) => {
  const tab = target.closest?.('#tabs > .tab-wrapper [role=tab]');
  if (!tab || following) return;
  const name = tab.id.replace(/^tab-|-button$/g, '');
  if (name === named()) return;
  const address = new URL(location);
  if (name === 'judge') address.searchParams.delete('tab');
  else address.searchParams.set('tab', name);
  history.pushState(history.state, '', address);
});

// Arrow keys go from tab to tab, as the pattern for tabs has it.
document.addEventListener('keydown', (event) => {
  const tab = event.target.closest?.('[role=tab]');
  const step = {ArrowRight: 1, ArrowLeft: -1}[event.key];
  if (!tab || !step) return;
  const tabs = [...tab.parentElement.querySelectorAll('[role=tab]')];
  const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
  next.click();
  next.focus();
  event.preventDefault();
});

const ready = setInterval(() => {
  if (!button('judge')) return;
  clearInterval(ready);
  follow();
}, 100);
setTimeout(() => clearInterval(ready), 10000);
