/* Loads the model and shows its page. */

trying(async () => {
  facts();
  const model = await Model.load(binary, about);
  showPage(model);
  document.body.dataset.ready = "yes";
});
