// SPDX-License-Identifier: Apache-2.0
// What every page has: a few words for making elements and printing numbers, the theme, tables that
// sort, and the section that the reader is in.
(function (tap) {
    'use strict';

    // element('button', {class: 'x', onclick: f}, 'text', child, ...). Texts are never markup.
    tap.element = function (tag, attributes, ...children) {
        return fill(document.createElement(tag), attributes, children);
    };
    tap.svg = function (tag, attributes, ...children) {
        return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
    };
    function fill(node, attributes, children) {
        for (const [name, value] of Object.entries(attributes || {})) {
            if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
            else if (value === true) node.setAttribute(name, '');
            else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value);
        }
        node.append(...children.filter((child) => child !== null && child !== undefined));
        return node;
    }

    // Four digits: "0.1183", "54.9", "1,204".
    tap.number = function (value) {
        if (value === null || value === undefined || !isFinite(value)) return '–';
        const size = Math.abs(value);
        if (size !== 0 && (size < 1e-4 || size >= 1e9)) return value.toExponential(3);
        const digits = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 4;
        return Number(value.toFixed(digits)).toLocaleString('en-US', { maximumFractionDigits: digits });
    };

    tap.download = function (name, type, text) {
        const url = URL.createObjectURL(new Blob([text], { type }));
        tap.element('a', { href: url, download: name }).click();
        setTimeout(() => URL.revokeObjectURL(url), 10000);
    };

    tap.csv = function (rows) {
        const cell = (value) => {
            const text = value === null || value === undefined ? '' : String(value);
            return /[",\n\r]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text;
        };
        return rows.map((row) => row.map(cell).join(',') + '\n').join('');
    };

    // The figure that a cell begins with, for sorting; texts sort as texts.
    function sortKey(cell) {
        const text = cell.textContent.trim();
        const value = parseFloat(text.replace(/^\./, '0.').replaceAll(',', ''));
        return isNaN(value) ? text : value;
    }

    function sortTable(table, column, heading) {
        const down = heading.getAttribute('aria-sort') === 'ascending';
        const body = table.tBodies[0];
        const number = heading.classList.contains('number');
        const rows = [...body.rows].map((row) => [sortKey(row.cells[column]), row]);
        const missing = (key) => number && typeof key !== 'number';
        rows.sort(([a], [b]) => {
            if (missing(a) || missing(b)) return missing(a) - missing(b); // last, either way
            const order = number ? a - b : String(a).localeCompare(String(b), 'en', { numeric: true });
            return down ? -order : order;
        });
        for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort');
        heading.setAttribute('aria-sort', down ? 'descending' : 'ascending');
        body.append(...rows.map(([, row]) => row));
    }

    tap.makeSortable = function (table) {
        [...table.tHead.rows[0].cells].forEach((heading, column) => {
            const button = tap.element('button', { type: 'button', title: 'Sort by this column' }, heading.textContent);
            button.addEventListener('click', () => sortTable(table, column, heading));
            heading.replaceChildren(button);
        });
        if (table.tBodies[0].rows.length > 30) table.parentElement.classList.add('tall');
    };

    // Light, dark, or as the system has it. What colours are drawn with follows 'themechange'.
    function startTheme(place) {
        const choices = ['auto', 'light', 'dark'];
        const root = document.documentElement;
        const button = tap.element('button', { type: 'button' });
        let choice = 0;
        const show = () => {
            if (choice === 0) delete root.dataset.theme;
            else root.dataset.theme = choices[choice];
            button.textContent = 'Theme: ' + choices[choice];
            document.dispatchEvent(new Event('themechange'));
        };
        button.addEventListener('click', () => {
            choice = (choice + 1) % choices.length;
            show();
        });
        matchMedia('(prefers-color-scheme: dark)').addEventListener('change', show);
        place.append(button);
        show();
    }

    function followSections() {
        const links = new Map([...document.querySelectorAll('nav a')].map((a) => [a.hash.slice(1), a]));
        const update = () => {
            let current = null;
            for (const section of document.querySelectorAll('main > section'))
                if (section.getBoundingClientRect().top < innerHeight * 0.35) current = section.id;
            for (const [id, link] of links)
                if (id === current) link.setAttribute('aria-current', 'true');
                else link.removeAttribute('aria-current');
        };
        addEventListener('scroll', update, { passive: true });
        update();
    }

    tap.onready = [];
    document.addEventListener('DOMContentLoaded', () => {
        startTheme(document.getElementById('theme'));
        document.querySelectorAll('table.sortable').forEach(tap.makeSortable);
        followSections();
        for (const start of tap.onready) start();
    });
})((window.tap = window.tap || {}));
