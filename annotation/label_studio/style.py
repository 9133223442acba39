"""How the page looks: compact enough for no scrolling, targets large enough for a thumb."""

from typing import Final

# No child combinator: Label Studio escapes `>` in styles, and the browser drops the whole rule.
STYLE: Final = """
.serloop { max-width: 760px; margin: 0 auto; }
.serloop h3, .serloop h4 { margin: 8px 0 4px !important; }
.serloop-autoplay { display: none; }
.serloop-options .lsf-choices, .serloop-second .lsf-choices {
  display: grid; grid-template-columns: repeat(auto-fill, minmax(170px, 1fr)); gap: 8px;
  margin: 0;
}
.serloop .lsf-choice, .serloop .lsf-choice__item { margin: 0; padding: 0; }
.serloop .lsf-choice__checkbox {
  display: flex; align-items: center; width: 100%; min-height: 48px; margin: 0; padding: 0 12px;
  position: relative; border: 1px solid rgba(128, 128, 128, 0.45); border-radius: 8px;
  font-size: 16px;
}
.serloop .lsf-choice__checkbox .lsf-hint {
  position: absolute; top: 50%; right: 12px; transform: translateY(-50%); font-size: 14px;
}
.serloop .lsf-choice__checkbox .ant-checkbox { top: 0; }
.serloop .lsf-choice__checkbox.ant-checkbox-wrapper-checked {
  border-color: #2f6fde; background: rgba(47, 111, 222, 0.16);
}
.serloop-options .lsf-choice:nth-last-child(-n+2) .lsf-choice__checkbox { border-style: dashed; }
.serloop-second .lsf-choice__checkbox { min-height: 36px; font-size: 14px; }
.serloop-second .lsf-choice__checkbox .lsf-hint { font-size: 12px; }
.serloop-rating { display: flex; align-items: center; gap: 12px; margin-top: 4px; }
.serloop-rating h4 { flex: 0 0 250px; margin: 0 !important; font-size: 15px; line-height: 20px; }
.serloop-rating h4 + div { flex: 1; }
.serloop-rating .ant-rate {
  display: flex; gap: 4px; margin: 0; color: inherit; counter-reset: grade;
}
.serloop-rating .ant-rate-star {
  position: relative; flex: 1; height: 36px; margin: 0; counter-increment: grade;
  border: 1px solid rgba(128, 128, 128, 0.45); border-radius: 8px; color: inherit;
}
.serloop-rating .ant-rate-star::after {
  content: counter(grade); position: absolute; inset: 0; display: flex; align-items: center;
  justify-content: center; pointer-events: none; font-size: 16px;
}
.serloop-rating .ant-rate-star [role="radio"] { position: absolute; inset: 0; }
.serloop-rating .ant-rate-star-first, .serloop-rating .ant-rate-star-second {
  position: absolute; inset: 0; width: 100%; opacity: 0;
}
.serloop-rating .ant-rate-star-full {
  border-color: #2f6fde; background: rgba(47, 111, 222, 0.28);
}
.serloop-words { margin: 0 0 4px; font-size: 18px; }
.serloop .lsf-text-area { margin-top: 8px !important; }
.lsf-sidepanels { padding: 0 !important; }
.lsf-sidepanels__wrapper { display: none; }
.lsf-sidepanels__content { flex: 1; width: 100% !important; max-width: none; }
.lsf-modal-ls__content { max-width: 100%; }
.lsf-modal-ls__body ul { margin: 8px 0; padding-left: 20px; list-style: disc; }
.lsf-modal-ls__body p { margin: 8px 0; }
@media (max-width: 800px) {
  .serloop-second .lsf-choice__checkbox { min-height: 44px; }
  .serloop-rating .ant-rate-star { height: 44px; }
  [class*="themeToggle"], .lsf-breadcrumbs { display: none; }
}
@media (max-width: 600px) {
  .serloop h4 { margin: 6px 0 2px !important; }
  .lsf-editor, .lsf-wrapper { flex: 1; width: 100%; max-width: 100%; }
  .serloop .lsf-choice__checkbox { padding: 0 8px; }
  .serloop-options .lsf-choices { grid-template-columns: 1fr 1fr; }
  .serloop-second .lsf-choices { grid-template-columns: 1fr 1fr 1fr; gap: 4px; }
  .serloop-second .lsf-choice__checkbox { padding: 0 4px; font-size: 13px; }
  .serloop-rating { display: block; margin-top: 0; }
  .serloop-rating h4 { margin: 4px 0 2px !important; }
  .serloop-rating .ant-rate { gap: 2px; }
  .serloop .lsf-hint, .serloop-second .ant-checkbox { display: none; }
  .serloop .lsf-timeline-controls__group:last-child,
  .lsf-menu-header__context a, .lsf-menu-header__hotkeys, .lsf-current-task__task-id,
  .lsf-history-buttons, .lsf-action-buttons, .lsf-model-actions { display: none; }
  .lsf-menu-header__context { padding: 0 4px; }
  .lsf-bottombar__section { padding: 0 2px; }
  .lsf-bottombar__group:last-child { flex: 1; min-width: 0; }
}
"""
"""CSS for the classes of Label Studio 1.23's page; where those change, it only looks plainer.

The panels beside the page list regions, of which there are none. The instructions are styled here
because the server takes styles from them. On small screens the hints of keys go, and so does what
pushes the button that submits out of sight.
"""
