// River UI asks its API for ever. When the session has ended the API leads to the log-in: so does the page then.
(() => {
  const ask = window.fetch;
  window.fetch = async (...args) => {
    const response = await ask(...args);
    if (response.redirected && new URL(response.url).pathname === "/operator/login") location.assign(response.url);
    return response;
  };
})();
